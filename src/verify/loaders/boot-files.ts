import { type Found, isDirectoryLink, isFileLink } from '../../formats/hfsplus/catalog.js';
import { type FileRecord, UF_COMPRESSED } from '../../formats/hfsplus/catalog-record.js';
import { ForkType } from '../../formats/hfsplus/extent-record.js';
import type { Extent } from '../../formats/hfsplus/fork-data.js';
import { Cnid } from '../../formats/hfsplus/header.js';
import { storedPath } from '../../formats/hfsplus/names.js';
import type { HfsVolume } from '../../formats/hfsplus/volume.js';
import type { BootFile } from '../../known/loaders.js';
import type { BootChoice } from './boot-choice.js';

/** A link on the way to a file. */
export interface Hop {
  readonly path: string;
  readonly kind: 'symbolic link' | 'hard link' | 'hard link to a folder';
}

/** Something a loader reads: a file, or one of the volume's trees. */
export interface BootObject {
  readonly what: BootFile | 'tree';
  /** A POSIX path, or "the catalog". */
  readonly path: string;
  readonly hops: readonly Hop[];
  /** Bytes of the data fork. */
  readonly size: number;
  readonly extents: readonly Extent[];
  readonly compressed: boolean;
  /** Bytes of the resource fork. */
  readonly resource: number;
}

/** Symbolic links on one way; more are a ring (Darwin's MAXSYMLINKS). */
const MOST_HOPS = 32;
/** Bytes of a path: MAXPATHLEN of Darwin. */
const MOST_TARGET = 1024;
/** Things in /Extra that are looked at; a folder with more is no folder of a loader's. */
const MOST_EXTRA = 5000;

const SYSTEM_FILES = [
  '/System/Library/CoreServices/SystemVersion.plist',
  '/Library/Preferences/SystemConfiguration/com.apple.Boot.plist',
];
const BOOT_EFI = ['/System/Library/CoreServices/boot.efi', '/boot.efi'];

/** Everything on a volume that a loader may read. What is not there is left out: other checks say so. */
export async function* bootObjects(volume: HfsVolume, choice: BootChoice): AsyncGenerator<BootObject> {
  yield* trees(volume);
  const files: [BootFile, string | undefined][] = [
    ...SYSTEM_FILES.map((path): [BootFile, string] => ['system', path]),
    ['plist', '/Extra/org.chameleon.Boot.plist'],
    ['kernel', choice.kernel],
    ['cache', choice.cache],
    ...BOOT_EFI.map((path): [BootFile, string] => ['boot.efi', path]),
    ['boot', '/boot'],
  ];
  for (const [what, path] of files) {
    const found = path === undefined ? undefined : await bootObject(volume, what, path);
    if (found) yield found;
  }
  for (const path of await extraFiles(volume)) {
    const found = await bootObject(volume, 'extra', path);
    if (found && path !== '/Extra/org.chameleon.Boot.plist') yield found;
  }
}

async function* trees(volume: HfsVolume): AsyncGenerator<BootObject> {
  const { catalogFile, extentsFile } = volume.header;
  const own = { what: 'tree', hops: [], compressed: false, resource: 0 } as const;
  yield {
    ...own,
    path: 'the catalog',
    size: catalogFile.logicalSize,
    extents: await volume.extents(Cnid.catalog, catalogFile, ForkType.data),
  };
  yield { ...own, path: 'the extents file', size: extentsFile.logicalSize, extents: extentsFile.extents };
}

/** What a path leads to, with every link on the way. Undefined where that is no file. */
export async function bootObject(volume: HfsVolume, what: BootFile, path: string): Promise<BootObject | undefined> {
  const hops: Hop[] = [];
  const found = await walk(volume, storedPath(path), [], hops);
  if (found?.record.kind !== 'file') return hops.length > 0 ? { ...NOTHING, what, path, hops } : undefined;
  let record: FileRecord = found.record;
  if (isFileLink(record)) {
    hops.push({ path, kind: 'hard link' });
    record = (await volume.inode(found)) ?? record;
  }
  return {
    what,
    path,
    hops,
    size: record.data.logicalSize,
    extents: await volume.extents(record.cnid, record.data, ForkType.data),
    compressed: (record.bsd.ownerFlags & UF_COMPRESSED) !== 0,
    resource: record.resource.logicalSize,
  };
}

/** What stands behind a link that leads nowhere. */
const NOTHING = { size: 0, extents: [], compressed: false, resource: 0 } as const;

/** Follows symbolic links as OS X would, and notes them. */
async function walk(
  volume: HfsVolume,
  path: readonly string[],
  from: readonly string[],
  hops: Hop[],
): Promise<Found | undefined> {
  let at: Found | undefined = await volume.lookup(from);
  let where = [...from];
  for (const [i, name] of path.entries()) {
    if (name === '..') {
      where = where.slice(0, -1);
      at = await volume.lookup(where);
      continue;
    }
    if (at?.record.kind !== 'folder') return undefined;
    at = await volume.files.child(at.record.cnid, name);
    const shown = `/${[...where, name].join('/')}`;
    if (at?.record.kind === 'file' && isDirectoryLink(at.record)) {
      hops.push({ path: shown, kind: 'hard link to a folder' });
      return undefined;
    }
    const target = at && (await symlinkTarget(volume, at));
    if (target === undefined) {
      where.push(name);
      continue;
    }
    hops.push({ path: shown, kind: 'symbolic link' });
    if (hops.length > MOST_HOPS) return undefined;
    const rest = [...storedPath(target), ...path.slice(i + 1)];
    return walk(volume, rest, target.startsWith('/') ? [] : where, hops);
  }
  return at;
}

async function symlinkTarget(volume: HfsVolume, { record }: Found): Promise<string | undefined> {
  if (record.kind !== 'file' || (record.bsd.mode & 0o170000) !== 0o120000) return undefined;
  const fork = await volume.fork(record.cnid, record.data, ForkType.data, 'a symbolic link');
  return Buffer.from(await fork.read(0, Math.min(fork.size, MOST_TARGET))).toString('utf8');
}

/** Every file and link below /Extra: kexts, their programs and plists, tables. */
async function extraFiles(volume: HfsVolume): Promise<string[]> {
  const files: string[] = [];
  const folders: [string, number][] = [];
  const extra = await volume.lookup(['Extra']);
  if (extra?.record.kind === 'folder') folders.push(['/Extra', extra.record.cnid]);
  // A folder that is inside itself: the check of the file system says so.
  const seen = new Set<number>();
  for (let folder = folders.pop(); folder && files.length < MOST_EXTRA; folder = folders.pop()) {
    const [path, cnid] = folder;
    if (seen.has(cnid)) continue;
    seen.add(cnid);
    for await (const { key, record } of volume.children(cnid)) {
      // A name with a slash in it is none a loader asks for.
      if (key.name.includes('/')) continue;
      if (record.kind === 'folder') folders.push([`${path}/${key.name}`, record.cnid]);
      else files.push(`${path}/${key.name}`);
    }
  }
  return files.sort();
}
