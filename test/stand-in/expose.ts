import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { chunks, fromBytes } from '../../src/formats/bytes.js';
import { type Entry, HFS_EPOCH, type Path } from '../../src/formats/entry.js';
import type { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import type { StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { hostEntry } from '../../src/image/hdiutil/host-tree.js';
import { attributesOf } from './xattr.js';

/** What was put on the host for one entry, to see later whether it was touched. */
interface Exposed {
  /** As stored in HFS+. */
  readonly path: Path;
  readonly kind: Entry['kind'];
  /** Below the volume's folder. */
  readonly host: string;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Record {
  readonly entries: readonly Exposed[];
}

/** Owner of files on a volume whose owners are ignored. */
const NOBODY = 99;
const LONGEST_NAME = 255;

/**
 * Puts the volume's files into `folder` as a mount shows them: compressed files decoded, hard links as such, owners only with
 * `owners` (and only root can). Names that the host cannot have get others; device files an empty file in their place.
 */
export async function expose(volume: HfsVolume, folder: string, owners: boolean): Promise<Record> {
  const entries: Exposed[] = [];
  const links = new Map<number, string>();
  const hostOf = new Map<string, string>();
  const folders: { host: string; entry: Entry }[] = [];
  let odd = 0;
  for await (const entry of volume.walk()) {
    const parent = entry.path.length === 0 ? '' : (hostOf.get(entry.path.slice(0, -1).join('\0')) ?? '');
    const plain = entry.path.at(-1)?.replaceAll('/', ':') ?? '';
    const name =
      Buffer.byteLength(plain) > LONGEST_NAME || Buffer.from(plain).toString() !== plain ? `.odd name ${++odd}` : plain;
    const below = entry.path.length === 0 ? '' : join(parent, name);
    const host = join(folder, below);
    hostOf.set(entry.path.join('\0'), below);
    if (entry.kind === 'folder') {
      if (entry.path.length > 0) mkdirSync(host);
      folders.push({ host, entry });
    } else if (entry.kind === 'symlink') symlinkSync(await bytesOf(entry), host);
    else if (entry.kind === 'special') writeFileSync(host, '');
    else if (entry.link !== undefined && links.has(entry.link)) linkSync(links.get(entry.link)!, host);
    else {
      const source = (await volume.file(entry.path)) ?? entry.data!;
      const parts: Uint8Array[] = [];
      for await (const part of chunks(source)) parts.push(part);
      writeFileSync(host, Buffer.concat(parts));
      if (entry.link !== undefined) links.set(entry.link, host);
    }
    if (entry.kind === 'file' || entry.kind === 'symlink') dress(host, entry, owners);
  }
  // Folders from the deepest up, when they are full.
  for (const { host, entry } of folders.reverse()) dress(host, entry, owners);
  for await (const entry of volume.walk()) {
    const host = hostOf.get(entry.path.join('\0'))!;
    const { ino, size, mtimeMs, mode, uid, gid } = lstatSync(join(folder, host));
    entries.push({ path: entry.path, kind: entry.kind, host, ino, size, mtimeMs, mode, uid, gid });
  }
  return { entries };
}

function dress(host: string, { kind, bsd, dates }: Entry, owners: boolean): void {
  if (owners && process.geteuid?.() === 0 && kind !== 'symlink') chownSync(host, bsd.uid, bsd.gid);
  if (kind === 'symlink') return;
  // Unreadable to its owner is unreadable to a test that is not root.
  chmodSync(host, process.geteuid?.() === 0 ? bsd.mode & 0o7777 : (bsd.mode & 0o7777) | 0o400);
  const modified = dates.modified - HFS_EPOCH;
  utimesSync(host, modified, modified);
}

async function bytesOf(entry: Entry): Promise<Buffer> {
  return entry.data ? Buffer.from(await entry.data.read(0, entry.data.size)) : Buffer.alloc(0);
}

/**
 * Stages what was changed in `folder` since it was exposed, and nothing else: what was not touched keeps every date, attribute and
 * fork it had. Without root or without `owners` new files get the owner `ownerOf` says.
 */
export async function collect(staged: StagedVolume, folder: string, record: Record, owners: boolean): Promise<number> {
  const known = new Map(record.entries.map((entry) => [entry.host, entry]));
  let changes = 0;
  // Gone first, children before their parents.
  for (const entry of [...record.entries].reverse()) {
    const found = lstatSync(join(folder, entry.host), { throwIfNoEntry: false });
    const same = found && found.isDirectory() === (entry.kind === 'folder');
    if (same) continue;
    await staged.remove(entry.path);
    known.delete(entry.host);
    changes++;
  }
  const visit = async (host: string, path: Path): Promise<void> => {
    const full = join(folder, host);
    const before = known.get(host);
    const now = lstatSync(full);
    const touched =
      !before ||
      before.mode !== now.mode ||
      before.uid !== now.uid ||
      before.gid !== now.gid ||
      before.mtimeMs !== now.mtimeMs ||
      (!now.isDirectory() && (before.ino !== now.ino || before.size !== now.size));
    const dressed = attributesOf(full).size > 0;
    if (dressed || (touched && !(before && now.isDirectory() && sameFolder(before, now)))) {
      await put(staged, full, before?.path ?? path, before, owners);
      changes++;
    }
    if (!now.isDirectory()) return;
    for (const name of readdirSync(full).sort()) {
      const below = host === '' ? name : join(host, name);
      await visit(below, known.get(below)?.path ?? [...path, name.replaceAll(':', '/')]);
    }
  };
  await visit('', []);
  return changes;
}

/** A folder whose date alone changed: staging does that by itself. */
function sameFolder(before: Exposed, now: { mode: number; uid: number; gid: number }): boolean {
  return before.mode === now.mode && before.uid === now.uid && before.gid === now.gid;
}

async function put(
  staged: StagedVolume,
  host: string,
  path: Path,
  before: Exposed | undefined,
  owners: boolean,
): Promise<void> {
  const entry = (await hostEntry(host, path))!;
  const old = before ? await staged.entry(path) : undefined;
  const real = owners && process.geteuid?.() === 0;
  // Not root: as if it were root who did all this, which a test says it is.
  const simulated = owners ? { uid: 0, gid: 0 } : { uid: NOBODY, gid: NOBODY };
  const owner = real
    ? { uid: entry.bsd.uid, gid: entry.bsd.gid }
    : old
      ? { uid: old.bsd.uid, gid: old.bsd.gid }
      : simulated;
  const attributes = new Map(attributesOf(host));
  const finderInfo = attributes.get('com.apple.FinderInfo');
  attributes.delete('com.apple.FinderInfo');
  const xattrs = [
    ...(old?.xattrs ?? []).filter(({ name }) => !attributes.has(name)),
    ...[...attributes].map(([name, value]) => ({ name, value: fromBytes(value, name) })),
  ];
  await staged.put({
    ...(old ?? entry),
    path,
    xattrs,
    ...(finderInfo && { finderInfo }),
    kind: entry.kind,
    bsd: { ...(old ?? entry).bsd, ...owner, mode: entry.bsd.mode },
    dates: { ...(old ?? entry).dates, modified: entry.dates.modified },
    ...(entry.data && { data: entry.data }),
  });
}

export function readRecord(file: string): Record {
  return JSON.parse(readFileSync(file, 'utf8')) as Record;
}

/** A folder on another device than `beside`, as a mounted volume would be: where there is none, mounts cannot be told. */
export function otherDevice(beside: string, preferred: string): string {
  const { dev } = lstatSync(beside);
  const candidates = [preferred, '/dev/shm', '/tmp', '/var/tmp', '/run'];
  const found = candidates.find((folder) => {
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    return stat?.isDirectory() && stat.dev !== dev;
  });
  return found ?? preferred;
}
