import type { ByteSource } from '../bytes.js';
import { fault, need, viewOf, type Where } from './where.js';

/** Where the compressed blocks of a file are in its resource fork. Offsets and lengths are bytes. */
export type BlockTable = (index: number) => { readonly offset: number; readonly length: number };

/** Longest compressed block: a stored one is 64 KiB and its marker; some room for poor encoders. */
const MAX_COMPRESSED = 0x1_0000 + 0x1000;
/** Blocks of a table that is read: those of a file of 512 GiB. */
const MOST_BLOCKS = 8 << 20;
/** Type 4: a classic resource fork whose data starts here. */
const RESOURCE_DATA = 0x100;

/**
 * Reads the table of `count` blocks. 'resource': in a classic resource fork, a big-endian length at 0x100, then a little-endian
 * count and {offset, size} pairs, offsets from 0x104 (type 4). 'plain': little-endian offsets from the start of the fork, the
 * first one being the size of the table (types 8, 10, 12). Measured on real files.
 */
export async function blockTable(
  kind: 'resource' | 'plain',
  resource: ByteSource,
  count: number,
  name: string,
): Promise<BlockTable> {
  const where: Where = { file: name, structure: 'decmpfs block table', offset: 0 };
  return kind === 'resource' ? resourceTable(resource, count, where) : plainTable(resource, count, where);
}

async function resourceTable(resource: ByteSource, count: number, where: Where): Promise<BlockTable> {
  const base = await dataStart(resource, where);
  const start = base + 4;
  if (start + 4 > resource.size) throw fault(where, start, 'a block count', 'the end of the fork');
  const found = viewOf(await resource.read(start, 4)).getUint32(0, true);
  if (found !== count) throw fault(where, start, `${count} blocks`, found);
  if (start + 4 + count * 8 > resource.size)
    throw fault(where, start, `a table of ${count} blocks`, 'the end of the fork');
  expectCount(count, where);
  const table = viewOf(await resource.read(start + 4, count * 8));
  return (index) =>
    range(resource, start + table.getUint32(index * 8, true), table.getUint32(index * 8 + 4, true), index, where);
}

/** The offset of the resource data: the first field of a resource fork's header. */
async function dataStart(resource: ByteSource, where: Where): Promise<number> {
  if (resource.size < 16) throw fault(where, 0, 'a resource header of 16 bytes', `${resource.size} bytes`);
  const offset = viewOf(await resource.read(0, 16)).getUint32(0);
  if (offset !== RESOURCE_DATA) throw fault(where, 0, `resource data at ${RESOURCE_DATA}`, offset);
  return offset;
}

async function plainTable(resource: ByteSource, count: number, where: Where): Promise<BlockTable> {
  const length = (count + 1) * 4;
  if (length > resource.size) throw fault(where, 0, `a table of ${count + 1} offsets`, `${resource.size} bytes`);
  expectCount(count, where);
  const bytes = await resource.read(0, length);
  need(bytes, 0, length, 'block table', where);
  const table = viewOf(bytes);
  // The first offset is the table's own size; it may be padded, never shorter.
  if (table.getUint32(0, true) < length)
    throw fault(where, 0, `a table of at least ${length} bytes`, table.getUint32(0, true));
  return (index) => {
    const offset = table.getUint32(index * 4, true);
    return range(resource, offset, table.getUint32(index * 4 + 4, true) - offset, index, where);
  };
}

/** A fork that is as long as its table must be can be a hole. */
function expectCount(count: number, where: Where): void {
  if (count > MOST_BLOCKS) throw fault(where, 0, `at most ${MOST_BLOCKS} blocks`, count);
}

function range(resource: ByteSource, offset: number, length: number, index: number, where: Where) {
  if (length < 1 || length > MAX_COMPRESSED || offset + length > resource.size) {
    throw fault(
      where,
      offset,
      `block ${index} inside the fork of ${resource.size} bytes`,
      `${length} bytes from ${offset}`,
    );
  }
  return { offset, length };
}
