import type { ByteSource } from '../bytes.js';
import { checkRange, fromBytes, slice } from '../bytes.js';
import { decode } from '../codecs/index.js';
import { decodeLzvn } from '../codecs/lzvn.js';
import { readWhole } from '../whole.js';
import { blockTable } from './decmpfs-blocks.js';
import { fault, need, viewOf, type Where } from './where.js';

/** The attribute that makes a file with owner flag UF_COMPRESSED a compressed one. */
export const DECMPFS_XATTR = 'com.apple.decmpfs';
/** Bytes of decmpfs_disk_header: u32 magic, u32 type, u64 plain size, all little-endian. */
const HEADER_SIZE = 16;
const MAGIC = 0x636d7066; // bytes 'fpmc'
/** Plain bytes of a block in a resource fork. */
export const BLOCK_SIZE = 0x1_0000;
/** Most plain bytes of a file that lies in its attribute: Apple puts at most one block there. */
const MAX_INLINE = 1 << 24;
/** Decoded blocks kept: neighbours are asked for one after another. */
const KEPT_BLOCKS = 4;

type Method = 'raw' | 'zlib' | 'lzvn' | 'lzfse';

/** Where the bytes of a compression type are and how they are encoded (decmpfs.h and measured). */
const TYPES: ReadonlyMap<number, { readonly method: Method; readonly inline: boolean }> = new Map([
  [1, { method: 'raw', inline: true }],
  [3, { method: 'zlib', inline: true }],
  [4, { method: 'zlib', inline: false }],
  [7, { method: 'lzvn', inline: true }],
  [8, { method: 'lzvn', inline: false }],
  [9, { method: 'raw', inline: true }],
  [10, { method: 'raw', inline: false }],
  [11, { method: 'lzfse', inline: true }],
  [12, { method: 'lzfse', inline: false }],
]);

/** What is refused, by type. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [5, 'type 5 (de-duplicated, its content is elsewhere)'],
  [13, 'type 13 (LZBITMAP)'],
  [14, 'type 14 (LZBITMAP)'],
  [0x8000_0001, 'a dataless file (its content is in the cloud)'],
]);

/**
 * The plain content of a compressed file, from its com.apple.decmpfs attribute and its resource fork. Random access decodes
 * only the blocks that are asked for. FormatError for types that cannot be decoded and for damage.
 */
export async function decompressed(
  attribute: ByteSource,
  resource: ByteSource | undefined,
  name: string,
): Promise<ByteSource> {
  const where: Where = { file: name, structure: 'decmpfs header', offset: 0 };
  if (attribute.size < HEADER_SIZE) throw fault(where, 0, `${HEADER_SIZE} bytes`, `${attribute.size} bytes`);
  const header = viewOf(await attribute.read(0, HEADER_SIZE));
  if (header.getUint32(0, true) !== MAGIC) throw fault(where, 0, 'fpmc', `0x${header.getUint32(0).toString(16)}`);
  const type = header.getUint32(4, true);
  const wide = header.getBigUint64(8, true);
  const known = TYPES.get(type);
  if (!known) throw fault(where, 4, 'a compression type that can be read', REFUSED.get(type) ?? `type ${type}`);
  if (wide > BigInt(Number.MAX_SAFE_INTEGER)) throw fault(where, 8, 'a size below 2^53', wide.toString());
  const size = Number(wide);
  if (size === 0) return fromBytes(new Uint8Array(0), name);
  if (known.inline) {
    if (size > MAX_INLINE) throw fault(where, 8, `at most ${MAX_INLINE} bytes in an attribute`, size);
    const payload = slice(attribute, HEADER_SIZE, attribute.size - HEADER_SIZE);
    const at: Where = { file: name, structure: 'decmpfs attribute', offset: HEADER_SIZE };
    if (payload.size === 0) throw fault(at, 0, `${size} bytes of content`, 'nothing');
    // Type 1 is nothing but the bytes; all the others may say in their first byte that they are stored.
    const input = await readWhole(payload, { what: 'decmpfs attribute', most: 2 * MAX_INLINE });
    return fromBytes(type === 1 ? plain(input, 0, size, at) : decodeBlock(known.method, input, size, at), name);
  }
  if (!resource) throw fault(where, 4, 'a resource fork', 'none');
  return blockSource(known.method, resource, size, name);
}

/** A source over compressed blocks of 64 KiB in a resource fork. */
async function blockSource(method: Method, resource: ByteSource, size: number, name: string): Promise<ByteSource> {
  const table = await blockTable(
    method === 'zlib' ? 'resource' : 'plain',
    resource,
    Math.ceil(size / BLOCK_SIZE),
    name,
  );
  const kept = new Map<number, Promise<Uint8Array>>();

  async function load(index: number): Promise<Uint8Array> {
    const { offset, length } = table(index);
    const at: Where = { file: name, structure: `decmpfs block ${index}`, offset };
    return decodeBlock(
      method,
      await resource.read(offset, length),
      Math.min(BLOCK_SIZE, size - index * BLOCK_SIZE),
      at,
    );
  }
  function block(index: number): Promise<Uint8Array> {
    let bytes = kept.get(index);
    if (!bytes) {
      bytes = load(index);
      kept.set(index, bytes);
      bytes.catch(() => kept.delete(index));
      if (kept.size > KEPT_BLOCKS) kept.delete(kept.keys().next().value as number);
    }
    return bytes;
  }
  const source: ByteSource = {
    name,
    size,
    async read(offset, length) {
      checkRange(source, offset, length);
      const first = Math.floor(offset / BLOCK_SIZE);
      const skip = offset - first * BLOCK_SIZE;
      if (skip + length <= BLOCK_SIZE && length > 0) return (await block(first)).subarray(skip, skip + length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const index = Math.floor((offset + done) / BLOCK_SIZE);
        const from = offset + done - index * BLOCK_SIZE;
        const part = (await block(index)).subarray(from, from + length - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
  };
  return source;
}

/** Decodes one block; its first byte says where it is stored instead. */
function decodeBlock(method: Method, input: Uint8Array, size: number, where: Where): Uint8Array {
  need(input, 0, 1, 'content', where);
  const place = { file: where.file, at: where.offset };
  const first = input[0]!;
  switch (method) {
    case 'raw':
      if (first !== 0xcc) throw fault(where, 0, 'the marker 0xcc', `0x${first.toString(16)}`);
      return plain(input, 1, size, where);
    case 'zlib':
      return (first & 0xf) === 0xf ? plain(input, 1, size, where) : decode('zlib', input, size, place);
    case 'lzvn':
      return first === 0x06 ? plain(input, 1, size, where) : decodeLzvn(input, size, place);
    case 'lzfse':
      return first === 0xff ? plain(input, 1, size, where) : decode('lzfse', input, size, place);
  }
}

function plain(input: Uint8Array, at: number, size: number, where: Where): Uint8Array {
  need(input, at, size, 'stored content', where);
  return new Uint8Array(input.subarray(at, at + size));
}
