import { basename } from 'node:path';
import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { openGiven } from '../open-given.js';
import { releaseTitle } from '../releases.js';
import { readSystemVersion, type SystemVersion } from '../system-version.js';
import { InstallerFiles } from './files.js';
import { findInstaller } from './find.js';
import { openFolder } from './folder.js';
import { BASE_SYSTEM, ESD } from './paths.js';
import { unwrap } from './unwrap.js';

/** An installer that was recognised. */
export interface Installer extends SystemVersion {
  /** What was given: "app", "folder", "dmg", or the chain that leads to InstallESD.dmg: "dmg > pkg > dmg". */
  readonly kind: string;
  /** What was given, as an absolute path. */
  readonly path: string;
  /** What the ISO is named after: "Install OS X Yosemite". */
  readonly title: string;
  /** `app:` of the recipe. The caller closes it. */
  readonly files: InstallerFiles;
  /** Bytes of the pieces the ISO is made of, for plans and for the space that is needed. */
  readonly sizes: Sizes;
}

export interface Sizes {
  readonly esd: number;
  readonly baseSystemImage: number;
  readonly base: number;
  readonly packages: number;
}

/** Recognises what was given with --app and reads which release it is from the system inside. SourceError otherwise. */
export async function openInstaller(given: string): Promise<Installer> {
  const found = await findInstaller(given);
  const files = new InstallerFiles(basename(found.path));
  try {
    const folder = found.isFolder ? await openFolder(found.path, files) : undefined;
    const top = folder ? (await files.file(ESD.split('/')))! : files.hold(await openGiven(found.path));
    const { esd, volume, through } = await unwrap(top, found.path);
    files.add(ESD, esd);
    const known = await lookInside(files, esd, volume, found.path);
    return {
      kind: folder?.kind ?? [...through, 'dmg'].join(' > '),
      path: found.path,
      files,
      ...known,
      title: folder?.title ?? `Install ${releaseTitle(known.version)}`,
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Reads release and sizes from the Base System, which is in InstallESD.dmg or, from 10.13 on, beside it. */
async function lookInside(
  files: InstallerFiles,
  esd: ByteSource,
  volume: HfsVolume,
  path: string,
): Promise<SystemVersion & { sizes: Sizes }> {
  const image = (await volume.file(['BaseSystem.dmg'])) ?? (await files.file(BASE_SYSTEM.split('/')));
  if (!image) {
    throw new SourceError(`${path}: expected BaseSystem.dmg in InstallESD.dmg or beside it, found none.`, {
      hint: 'From macOS 10.13 on it lies beside: give the whole app, or a folder with InstallESD.dmg, BaseSystem.dmg and BaseSystem.chunklist.',
    });
  }
  const base = await openVolume(await openDisk(image));
  const system = await readSystemVersion(base.volume);
  let packages = 0;
  for await (const entry of volume.walk(['Packages']))
    packages += (entry.data?.size ?? 0) + (entry.resource?.size ?? 0);
  const sizes = { esd: esd.size, baseSystemImage: image.size, base: base.partition.source.size, packages };
  return { ...system, sizes };
}
