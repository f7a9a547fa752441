import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { type CpioInput, writeCpio } from '../../src/formats/cpio/index.js';
import { HFS_EPOCH } from '../../src/formats/entry.js';
import { appleDouble } from './appledouble.js';
import { Assembly } from './assembly.js';
import { cpioOrder, type Member } from './cpio-order.js';
import type { MadeEntry } from './entries.js';
import { seedFor } from './random.js';

/** Archives are padded to whole blocks of so many bytes. */
const BLOCK = 512;
/** A number that all members share: one volume was packed. */
const DEVICE = 0o3;
/** What stands where a further name of a file would have its bytes a second time; NULs follow. */
const PLACEHOLDER = 'NULLcanary';

/** The payload of some entries as one cpio archive in the odc form, made when it is read; where bytes are and how they lie as Apple has it. */
export async function cpioSource(entries: readonly MadeEntry[], name: string): Promise<ByteSource> {
  const assembly = new Assembly();
  const members = cpioOrder(entries, hasDouble);
  for await (const bytes of writeCpio(inputs(members, assembly, seedFor(0, name)))) assembly.append(bytes);
  const padding = (BLOCK - (assembly.length % BLOCK)) % BLOCK;
  if (padding > 0) assembly.append(new Uint8Array(padding));
  return assembly.source(name);
}

/** Whether an entry has what a cpio member cannot say. */
export function hasDouble({ kind, xattrs, resource, finderInfo }: MadeEntry): boolean {
  if (kind === 'symlink' || kind === 'special') return false;
  return xattrs.length > 0 || resource !== undefined || finderInfo.some((byte) => byte !== 0);
}

async function* inputs(
  members: readonly Member<MadeEntry>[],
  assembly: Assembly,
  seed: number,
): AsyncGenerator<CpioInput> {
  const names = new Map<number, number>();
  for (const { entry, double } of members) {
    if (entry.link !== undefined && !double) names.set(entry.link, (names.get(entry.link) ?? 0) + 1);
  }
  const seen = new Map<number, number>();
  const inodes = new Map<number, number>();
  let inode = 2;
  yield { name: '.', mode: 0o40755, dev: DEVICE, ino: inode++, nlink: 2 };
  for (const { entry, double } of members) {
    const { link, bsd } = entry;
    const common = { dev: DEVICE, uid: bsd.uid, gid: bsd.gid, mtime: entry.dates.modified - HFS_EPOCH };
    if (double) {
      const bytes = fromBytes(await doubleOf(entry), 'AppleDouble');
      const path = [...entry.path.slice(0, -1), `._${entry.path.at(-1)}`];
      const mode = 0o100000 | (bsd.mode & 0o666);
      const said = { name: nameOf(path), mode, ino: inode++, size: bytes.size };
      yield { ...common, ...said, data: assembly.blanks(bytes) };
      continue;
    }
    const nlink = link === undefined ? 1 : (names.get(link) ?? 1);
    const place = link === undefined ? 0 : (seen.get(link) ?? 0);
    if (link !== undefined) {
      seen.set(link, place + 1);
      if (!inodes.has(link)) inodes.set(link, inode++);
    }
    const own = entry.plain ?? entry.data ?? fromBytes(new Uint8Array(0), 'nothing');
    // Which of the names has the bytes: any can be the one.
    const real = link === undefined || place === seedFor(seed, `${link}`) % nlink;
    const data = real
      ? own
      : fromBytes(Buffer.alloc(own.size, 0).fill(PLACEHOLDER, 0, Math.min(own.size, PLACEHOLDER.length)), PLACEHOLDER);
    const ino = link === undefined ? inode++ : (inodes.get(link) ?? 0);
    const said = { name: nameOf(entry.path), mode: bsd.mode, ino, nlink, size: data.size };
    yield { ...common, ...said, data: assembly.blanks(data) };
  }
}

/** The AppleDouble of an entry. */
export async function doubleOf({ xattrs, resource, finderInfo }: MadeEntry): Promise<Uint8Array> {
  const values = [];
  for (const { name, value } of xattrs) values.push({ name, value: await value.read(0, value.size) });
  const fork = resource ? { resource: await resource.read(0, resource.size) } : {};
  return appleDouble({ finderInfo, xattrs: values, ...fork });
}

/** As it stands in an archive; what HFS+ stores as "/" is ":" there. */
function nameOf(path: readonly string[]): string {
  return `./${path.map((part) => part.replaceAll('/', ':')).join('/')}`;
}
