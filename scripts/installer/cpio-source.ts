import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { type CpioInput, writeCpio } from '../../src/formats/cpio/index.js';
import { HFS_EPOCH } from '../../src/formats/entry.js';
import { Assembly } from './assembly.js';
import type { MadeEntry } from './entries.js';

/** A payload as one cpio archive in the odc form, and where each entry's data lie in it (by the entry's place in the list). */
export interface CpioSource {
  readonly source: ByteSource;
  readonly starts: readonly number[];
}

/** The archive of some entries, made when it is read. Of a file with several names the last has the data, as bsdcpio does it. */
export async function cpioSource(entries: readonly MadeEntry[], name: string): Promise<CpioSource> {
  const assembly = new Assembly();
  const starts: number[] = [];
  for await (const bytes of writeCpio(inputs(entries, assembly, starts))) assembly.append(bytes);
  return { source: assembly.source(name), starts };
}

function* inputs(entries: readonly MadeEntry[], assembly: Assembly, starts: number[]): Generator<CpioInput> {
  const names = new Map<number, number>();
  for (const { link } of entries) if (link !== undefined) names.set(link, (names.get(link) ?? 0) + 1);
  const left = new Map(names);
  const inodes = new Map<number, number>();
  let inode = 1;
  yield { name: '.', mode: 0o40755, ino: inode++, nlink: 2 };
  for (const entry of entries) {
    const { link } = entry;
    const later = link === undefined ? 0 : (left.get(link) ?? 1) - 1;
    if (link !== undefined) {
      left.set(link, later);
      if (!inodes.has(link)) inodes.set(link, inode++);
    }
    const data = later > 0 ? undefined : (entry.plain ?? entry.data);
    yield {
      name: `./${entry.path.join('/')}`,
      mode: entry.bsd.mode,
      uid: entry.bsd.uid,
      gid: entry.bsd.gid,
      ino: link === undefined ? inode++ : (inodes.get(link) ?? 0),
      nlink: link === undefined ? 1 : (names.get(link) ?? 1),
      mtime: entry.dates.modified - HFS_EPOCH,
      size: data?.size ?? 0,
      data: blanks(data ?? fromBytes(new Uint8Array(0), 'nothing'), assembly, starts),
    };
  }
}

function* blanks(source: ByteSource, assembly: Assembly, starts: number[]): Generator<Uint8Array> {
  starts.push(assembly.length);
  yield* assembly.blanks(source);
}
