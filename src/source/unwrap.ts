import { FormatError, SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { type Disk, openDisk, openVolume } from '../formats/disk.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { HfsPartition } from '../formats/partition-map/index.js';
import { isKoly, KOLY_SIZE, type Koly, readKoly } from '../formats/udif/koly.js';
import { openXar } from '../formats/xar/index.js';
import { readSystemVersion } from '../known/system-version.js';
import { majorVersion, releaseTitle } from '../releases.js';
import { foreign } from './foreign.js';
import { brokenSierra, cutShort, finished, notAnInstaller, stub, tooNew, unreadable } from './misfits.js';
import { COMPANIONS } from './paths.js';
import { isBrokenSierra } from './witnesses.js';

/** A dmg in a pkg in a dmg is three. */
const DEEPEST = 5;

/** What stands at the end of a chain of containers, and its volume. */
export interface Unwrapped {
  /** 'esd': InstallESD.dmg. 'dvd': the disk of 10.6 or older, which is the installer itself. */
  readonly kind: 'esd' | 'dvd';
  readonly image: ByteSource;
  readonly partition: HfsPartition;
  readonly volume: HfsVolume;
  /** The forms it was wrapped in, from the outside. */
  readonly through: readonly Form[];
  /** What lay beside it on the way in: BaseSystem.dmg from 10.13 on, InstallInfo.plist. */
  readonly beside: ReadonlyMap<string, ByteSource>;
}

type Form = 'dmg' | 'pkg' | 'app';

/**
 * Follows a chain of containers, nothing extracted, to InstallESD.dmg: Apple's support pages offer a disk image with a package
 * with InstallESD.dmg in it; others put the app into an image. SourceError that says what was found instead.
 */
export async function unwrap(given: ByteSource, path: string): Promise<Unwrapped> {
  const through: Form[] = [];
  const beside = new Map<string, ByteSource>();
  let source = given;
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (await isPackage(source)) {
      through.push('pkg');
      source = await inPackage(source, path, beside);
      continue;
    }
    const { disk, partition, volume } = await open(source, path);
    const kind = await kindOf(volume);
    if (kind !== undefined) {
      if (depth === 0) await refuseFinished(disk, volume, path);
      return { kind, image: source, partition, volume, through, beside };
    }
    const inner = await onVolume(volume, path, beside);
    if (!inner) throw await notAnInstaller(volume, path);
    through.push(...inner.through);
    source = inner.source;
  }
  throw new SourceError(`${path}: expected InstallESD.dmg, found more than ${DEEPEST} containers inside each other.`);
}

async function open(source: ByteSource, path: string) {
  let disk: Disk | undefined;
  try {
    disk = await openDisk(source);
    return { disk, ...(await openVolume(disk)) };
  } catch (error) {
    const isBare = disk?.kind === 'raw' && disk.map.scheme === 'none' && /HFS\+ signature/.test(String(error));
    const question = { purpose: 'build', unknown: !/\.dmg$/i.test(path) } as const;
    throw (isBare && (await foreign(path, source, question))) || unreadable(path, source.size, error);
  }
}

/**
 * Whether the file is to be read as a xar archive. The App Store's InstallESD.dmg is an image as well, whose data fork lies behind
 * the archive: then its trailer counts (measured). Of a package the trailer may be that of the image stored last in it: then what
 * it says of places does not fit the file as a whole.
 */
export async function isPackage(file: ByteSource): Promise<boolean> {
  const text = async (offset: number) => Buffer.from(await file.read(offset, 4)).toString('latin1');
  if (file.size < 28 || (await text(0)) !== 'xar!') return false;
  if (file.size < KOLY_SIZE) return true;
  const at = file.size - KOLY_SIZE;
  const koly = kolyIn(await file.read(at, KOLY_SIZE), file.name, at);
  if (!koly) return true;
  const { dataForkOffset, dataForkLength, xmlOffset, xmlLength } = koly;
  const fits = xmlLength > 0 && xmlOffset + xmlLength <= at && dataForkOffset + dataForkLength <= at;
  return !fits || (await text(xmlOffset)) !== '<?xm';
}

/** The trailer, where these bytes are one that can be read. */
function kolyIn(bytes: Uint8Array, file: string, at: number): Koly | undefined {
  if (!isKoly(bytes)) return undefined;
  try {
    return readKoly(bytes, file, at);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

async function inPackage(source: ByteSource, path: string, beside: Map<string, ByteSource>): Promise<ByteSource> {
  const archive = await openXar(source).catch((error: unknown) => {
    throw unreadable(path, source.size, error);
  });
  const files = archive.members.filter(({ type }) => type === 'file');
  const last = (member: string) => member.slice(member.lastIndexOf('/') + 1);
  for (const { path: member, encoding } of files) {
    const name = COMPANIONS.find((companion) => companion === last(member));
    if (name !== undefined && encoding === 'octet-stream') beside.set(name, await archive.member(member));
  }
  const found = files.find((member) => /^InstallESD\.dmg$/i.test(last(member.path)));
  if (found?.encoding === 'octet-stream') return archive.member(found.path);
  if (found) {
    throw new SourceError(
      `${path}: InstallESD.dmg is stored in a way (${found.encoding}) that cannot be read in place.`,
      { hint: 'On a Mac, take it out first: pkgutil --expand' },
    );
  }
  const names = archive.members.map((member) => member.path);
  if (names.some((name) => /SharedSupport\.dmg$/.test(name))) throw tooNew(path);
  throw new SourceError(
    `${path}: expected a package with InstallESD.dmg, found ${names.slice(0, 4).join(', ') || 'an empty one'}.`,
    { hint: 'Give InstallMacOSX.pkg or InstallOS.pkg, or the disk image it came in.' },
  );
}

/** InstallESD's volume has packages in its root; a DVD's has them where a finished ISO has them, and is older than that form. */
async function kindOf(volume: HfsVolume): Promise<'esd' | 'dvd' | undefined> {
  const isFolder = async (...path: string[]) => (await volume.entry(path))?.kind === 'folder';
  const inRoot = await isFolder('Packages');
  const onSystem = await isFolder('System', 'Installation', 'Packages');
  if (!inRoot && !onSystem) return undefined;
  const system = await readSystemVersion(volume).catch(() => undefined);
  const [, minor = '0'] = system ? majorVersion(system.version).split('.') : [];
  if (system?.version.startsWith('10.') && Number(minor) < 7) return 'dvd';
  return inRoot ? 'esd' : undefined;
}

/** The raw disks of 10.7 and 10.8 are InstallESD itself, so that a finished one looks like a source. */
async function refuseFinished(disk: Disk, volume: HfsVolume, path: string): Promise<void> {
  if (disk.kind !== 'raw' || disk.map.scheme === 'none') return;
  if ((await volume.entry(['mach_kernel'])) === undefined) return;
  const system = await readSystemVersion(volume).catch(() => undefined);
  if (system && Number(majorVersion(system.version).split('.')[1]) < 7) return;
  throw finished(path, system ? releaseTitle(system.version, system.build) : 'OS X 10.7 or 10.8');
}

/** What a volume's root leads on to: a package (InstallMacOSX.pkg), InstallESD.dmg, or an installer app. */
async function onVolume(
  volume: HfsVolume,
  path: string,
  beside: Map<string, ByteSource>,
): Promise<{ source: ByteSource; through: Form[] } | undefined> {
  if (await volume.entry(['.IABootFiles'])) return undefined;
  const root = await volume.files.root();
  const names: string[] = [];
  for await (const { key } of volume.children(root.record.cnid)) {
    if (!key.name.startsWith('.')) names.push(key.name);
  }
  const app = names.find((name) => /^Install .*\.app$/i.test(name));
  const folder = app === undefined ? [] : [app, 'Contents', 'SharedSupport'];
  const image = await volume.file([...folder, 'InstallESD.dmg']);
  const pkg = names.find((name) => /\.pkg$/i.test(name));
  if (image || pkg !== undefined) {
    for (const name of COMPANIONS) {
      const file = await volume.file([...folder, name]);
      if (file) beside.set(name, file);
    }
  }
  if (app !== undefined && !image) {
    if (await volume.file([...folder, 'SharedSupport.dmg'])) throw tooNew(`${path}: ${app}`);
    throw (await volume.entry(folder))
      ? cutShort(`${path}: ${app}`, 'it has no InstallESD.dmg')
      : stub(`${path}: ${app}`);
  }
  if (image) {
    const info = app === undefined ? undefined : await volume.file([app, 'Contents', 'Info.plist']);
    if (info && (await isBrokenSierra(info))) throw brokenSierra(`${path}: ${app}`);
    return { source: image, through: app === undefined ? ['dmg'] : ['dmg', 'app'] };
  }
  const source = pkg === undefined ? undefined : await volume.file([pkg]);
  return source && { source, through: ['dmg'] };
}
