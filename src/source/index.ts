import { access, readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { SourceError } from '../errors.js';
import { openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { majorVersion, releaseTitle } from '../releases.js';
import { readSystemVersion, type SystemVersion } from '../system-version.js';
import { InstallerFiles } from './files.js';
import { type Found, findInstaller } from './find.js';

/** An installer that was recognised. */
export interface Installer extends SystemVersion {
  readonly kind: 'app' | 'folder' | 'dmg';
  /** What was given, as an absolute path. */
  readonly path: string;
  /** What the ISO is named after: "Install OS X Yosemite". */
  readonly title: string;
  /** `app:` of the recipe. The caller closes it. */
  readonly files: InstallerFiles;
  /** Bytes of the pieces the ISO is made of, for plans and for the space that is needed. */
  readonly sizes: {
    readonly esd: number;
    readonly baseSystemImage: number;
    readonly base: number;
    readonly packages: number;
  };
}

const SHARED_SUPPORT = 'Contents/SharedSupport';
const ESD = `${SHARED_SUPPORT}/InstallESD.dmg`;

/** Recognises what was given with --app and reads which release it is from the system inside. SourceError otherwise. */
export async function openInstaller(given: string): Promise<Installer> {
  const found = await findInstaller(given);
  const { kind, esd, title } = found.isFolder
    ? await inFolder(found)
    : { kind: 'dmg' as const, esd: found.path, title: '' };
  const files = new InstallerFiles(basename(found.path), new Map([[ESD, esd]]));
  try {
    const known = await lookInside(files, esd);
    return { kind, path: found.path, files, ...known, title: title || `Install ${releaseTitle(known.version)}` };
  } catch (error) {
    await files.close();
    throw error;
  }
}

async function inFolder({ path }: Found): Promise<{ kind: 'app' | 'folder'; esd: string; title: string }> {
  const contents = await list(path);
  if (contents.includes('InstallESD.dmg')) return { kind: 'folder', esd: join(path, 'InstallESD.dmg'), title: '' };
  if (!contents.includes('Contents')) {
    throw new SourceError(`${path}: expected an installer app or a folder with InstallESD.dmg, found neither.`, {
      hint: `It holds ${contents.length === 0 ? 'nothing' : contents.slice(0, 5).join(', ')}. Give the path of the installer app itself.`,
    });
  }
  const support = join(path, SHARED_SUPPORT);
  const supported = await list(support).catch(() => undefined);
  if (!supported) {
    throw new SourceError(`${path}: expected ${SHARED_SUPPORT} with the system inside, found a stub of an installer.`, {
      hint: 'A stub (some 20 MB) downloads the rest while it installs. Get the full installer, some 5 GB.',
    });
  }
  if (!supported.includes('InstallESD.dmg')) {
    if (supported.includes('SharedSupport.dmg')) {
      throw new SourceError(
        `${path}: found SharedSupport.dmg: this is macOS 11 or later, which no recipe of this kind can make.`,
        {
          hint: "From macOS 11 on only Apple's own createinstallmedia, on a Mac, makes installer disks.",
        },
      );
    }
    throw new SourceError(`${path}: expected ${ESD}, found ${supported.join(', ') || 'an empty folder'}.`, {
      hint: 'The installer is incomplete: download it again.',
    });
  }
  return { kind: 'app', esd: join(support, 'InstallESD.dmg'), title: basename(path, extname(path)) };
}

async function list(path: string): Promise<string[]> {
  await access(path);
  return readdir(path);
}

async function lookInside(files: InstallerFiles, esdPath: string) {
  const esdFile = await openEsd(files, esdPath);
  const { volume: esd } = await openVolume(await openDisk(esdFile));
  const image = await esd.file(['BaseSystem.dmg']);
  if (!image) throw await withoutBaseSystem(esd, esdPath);
  const { partition, volume } = await openVolume(await openDisk(image));
  const system = await readSystemVersion(volume);
  let packages = 0;
  for await (const entry of esd.walk(['Packages'])) packages += (entry.data?.size ?? 0) + (entry.resource?.size ?? 0);
  return {
    ...system,
    sizes: { esd: esdFile.size, baseSystemImage: image.size, base: partition.source.size, packages },
  };
}

async function openEsd(files: InstallerFiles, path: string) {
  try {
    return (await files.file(ESD.split('/')))!;
  } catch (error) {
    throw new SourceError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
      {
        cause: error,
        hint: 'Check its permissions; on a Mac the terminal may need Full Disk Access.',
      },
    );
  }
}

/** Why a volume without BaseSystem.dmg cannot be used, as exactly as can be told. */
async function withoutBaseSystem(volume: HfsVolume, path: string): Promise<SourceError> {
  const system = await readSystemVersion(volume).catch(() => undefined);
  if (system && (await volume.entry(['System', 'Installation']))) {
    return new SourceError(
      `${path}: expected InstallESD.dmg, found the Base System of ${releaseTitle(system.version, system.build)}.`,
      {
        hint: 'A Base System alone only starts a recovery. Give the installer app or its InstallESD.dmg.',
      },
    );
  }
  if (system && ['10.7', '10.8'].includes(majorVersion(system.version))) {
    return new SourceError(`${path}: there is no recipe for ${releaseTitle(system.version, system.build)} yet.`);
  }
  if (await volume.entry(['Packages'])) {
    return new SourceError(`${path}: expected BaseSystem.dmg beside the packages, found none: macOS 10.13 or later.`, {
      hint: 'There is no recipe for that release yet.',
    });
  }
  return new SourceError(
    `${path}: expected InstallESD.dmg, found the volume "${volume.name}", which is no installer.`,
    {
      hint: 'osx-iso inspect shows what it holds.',
    },
  );
}
