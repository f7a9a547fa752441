import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { openXar } from '../formats/xar/index.js';
import { releaseTitle } from '../releases.js';
import { readSystemVersion } from '../system-version.js';

/** A dmg in a pkg in a dmg is three. */
const DEEPEST = 5;

/** InstallESD.dmg, found at the end of a chain of containers, and its volume. */
export interface Unwrapped {
  readonly esd: ByteSource;
  readonly volume: HfsVolume;
  /** The forms it was wrapped in, from the outside: "dmg", "pkg". */
  readonly through: readonly ('dmg' | 'pkg')[];
}

/**
 * Follows a chain of containers, nothing extracted, to InstallESD.dmg: Apple's support pages offer a disk image with a package
 * with InstallESD.dmg in it. SourceError that says what was found instead.
 */
export async function unwrap(given: ByteSource, path: string): Promise<Unwrapped> {
  const through: ('dmg' | 'pkg')[] = [];
  let source = given;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (await isPackage(source)) {
      through.push('pkg');
      source = await inPackage(source, path);
      continue;
    }
    const { volume } = await openVolume(await openDisk(source));
    if (await isEsd(volume)) return { esd: source, volume, through };
    const inner = await packageOn(volume);
    if (!inner) throw await notAnInstaller(volume, path);
    through.push('dmg');
    source = inner;
  }
  throw new SourceError(`${path}: expected InstallESD.dmg, found more than ${DEEPEST} containers inside each other.`);
}

/** Whether the file is a xar archive. Some of Apple's downloads are an image as well: then its trailer counts. */
export async function isPackage(file: ByteSource): Promise<boolean> {
  const magic = async (offset: number) => Buffer.from(await file.read(offset, 4)).toString('latin1');
  if (file.size < 28 || (await magic(0)) !== 'xar!') return false;
  return file.size < 512 || (await magic(file.size - 512)) !== 'koly';
}

async function inPackage(source: ByteSource, path: string): Promise<ByteSource> {
  const archive = await openXar(source);
  const found = archive.members.find((member) => /(^|\/)InstallESD\.dmg$/i.test(member.path) && member.type === 'file');
  if (found?.encoding === 'octet-stream') return archive.member(found.path);
  const names = archive.members.map((member) => member.path);
  if (found)
    throw new SourceError(
      `${path}: InstallESD.dmg is stored in a way (${found.encoding}) that cannot be read in place.`,
    );
  if (names.some((name) => /SharedSupport\.dmg$/.test(name))) {
    throw new SourceError(
      `${path}: found SharedSupport.dmg: this is macOS 11 or later, which no recipe of this kind can make.`,
      {
        hint: "From macOS 11 on only Apple's own createinstallmedia, on a Mac, makes installer disks.",
      },
    );
  }
  throw new SourceError(
    `${path}: expected a package with InstallESD.dmg, found ${names.slice(0, 4).join(', ') || 'an empty one'}.`,
  );
}

/** InstallESD's volume has packages in its root; BaseSystem's and a finished ISO's have them elsewhere. */
async function isEsd(volume: HfsVolume): Promise<boolean> {
  return (await volume.entry(['Packages']))?.kind === 'folder';
}

/** The one package in the root of a volume (InstallMacOSX.pkg, InstallOS.pkg), hidden files aside. */
async function packageOn(volume: HfsVolume): Promise<ByteSource | undefined> {
  const root = await volume.files.root();
  for await (const { key, record } of volume.children(root.record.cnid)) {
    if (record.kind === 'file' && /^[^.].*\.pkg$/i.test(key.name)) return volume.file([key.name]);
  }
  return undefined;
}

async function notAnInstaller(volume: HfsVolume, path: string): Promise<SourceError> {
  const has = async (...names: string[]) => (await volume.entry(names)) !== undefined;
  const system = await readSystemVersion(volume).catch(() => undefined);
  const title = system && releaseTitle(system.version, system.build);
  if (
    title &&
    (await volume.entry(['System', 'Installation', 'Packages']))?.kind === 'folder' &&
    (await has('BaseSystem.dmg'))
  ) {
    return new SourceError(`${path}: this is a finished installer disk of ${title} already.`, {
      hint: 'There is nothing to build. `osx-iso verify` proves it.',
    });
  }
  if (title && (await has('System', 'Installation'))) {
    return new SourceError(`${path}: expected InstallESD.dmg, found the Base System of ${title}.`, {
      hint: 'A Base System alone only starts a recovery. Give the installer app or its InstallESD.dmg.',
    });
  }
  if (await has('.IABootFiles')) {
    return new SourceError(
      `${path}: expected InstallESD.dmg, found a disk that createinstallmedia made ("${volume.name}").`,
      {
        hint: 'Give the installer app that lies on it: it is what such a disk is made from.',
      },
    );
  }
  return new SourceError(
    `${path}: expected InstallESD.dmg, found the volume "${volume.name}", which is no installer.`,
    {
      hint: 'osx-iso inspect shows what it holds.',
    },
  );
}
