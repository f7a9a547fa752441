import { createHash } from 'node:crypto';
import { type ByteSource, chunks } from '../../src/formats/bytes.js';
import type { MadeEntry } from './entries.js';

/** What a finished ISO must contain, taken from what was put in, never from reading the images back. */
export interface Truth {
  readonly schema: 1;
  readonly release: string;
  /** Set where the ISO is Apple's disk as it is: then `base` has everything that is on it. */
  readonly whole?: true;
  /** Name of BaseSystem's volume, which is the ISO's. */
  readonly volume: string;
  /** By POSIX path from the volume's root, without a leading slash; decomposed as stored. */
  readonly base: Readonly<Record<string, TruthEntry>>;
  /** From the folder Packages of InstallESD.dmg. */
  readonly packages: Readonly<Record<string, TruthEntry>>;
  /** From System/Library/Kernels of the payload that has the kernel; that folder itself is ''. */
  readonly kernels: Readonly<Record<string, TruthEntry>>;
  /** Files that go from InstallESD's root to the ISO's. */
  readonly files: Readonly<Record<string, TruthEntry>>;
  readonly kernel: {
    /** With a leading slash. */
    readonly path: string;
    readonly size: number;
    readonly sha256: string;
    readonly nonce: string;
    readonly bits: 64 | 32 | 'fat';
  };
}

export interface TruthEntry {
  readonly kind: 'folder' | 'file' | 'symlink' | 'special';
  /** With the file type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that a reader gets, of a compressed file after decoding; of a link its target's. */
  readonly size?: number;
  readonly sha256?: string;
  readonly target?: string;
  /** Equal numbers are the same file. */
  readonly link?: number;
  readonly compressed?: true;
  /** A resource fork that is not decmpfs's own. */
  readonly resource?: { readonly size: number; readonly sha256: string };
  /** Name to SHA-256 of the value; com.apple.decmpfs is not among them. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** Lists entries by their path below `from`, in which they all must lie. */
export async function listing(entries: Iterable<MadeEntry>, from = 0): Promise<Record<string, TruthEntry>> {
  const list: Record<string, TruthEntry> = {};
  for (const entry of entries) {
    const path = entry.path.slice(from).map(posixName).join('/');
    list[path] = await truthOf(entry);
  }
  return list;
}

/** Hex SHA-256 of all of a source. */
export async function sha256Of(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunks(source)) hash.update(bytes);
  return hash.digest('hex');
}

async function truthOf(entry: MadeEntry): Promise<TruthEntry> {
  const { mode, uid, gid } = entry.bsd;
  const compressed = entry.plain !== undefined;
  const content = entry.plain ?? entry.data;
  const size = content?.size ?? 0;
  const xattrs: Record<string, string> = {};
  for (const { name, value } of entry.xattrs) {
    if (name !== 'com.apple.decmpfs') xattrs[name] = await sha256Of(value);
  }
  const target = entry.kind === 'symlink' && content ? Buffer.from(await content.read(0, size)).toString() : undefined;
  return {
    kind: entry.kind,
    mode,
    uid,
    gid,
    ...(entry.kind === 'file' || entry.kind === 'symlink' ? { size } : {}),
    ...(entry.kind === 'file' && content ? { sha256: await sha256Of(content) } : {}),
    ...(target === undefined ? {} : { target }),
    ...(entry.link === undefined ? {} : { link: entry.link }),
    ...(compressed ? { compressed: true } : {}),
    ...(entry.resource && !compressed
      ? { resource: { size: entry.resource.size, sha256: await sha256Of(entry.resource) } }
      : {}),
    ...(Object.keys(xattrs).length > 0 ? { xattrs } : {}),
  };
}

/** A stored name as POSIX shows it. */
function posixName(name: string): string {
  return name.replace(/[:/]/g, (c) => (c === '/' ? ':' : '/'));
}
