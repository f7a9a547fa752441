import { deflateSync } from 'node:zlib';
import { fromBytes } from '../../src/formats/bytes.js';
import type { Details } from './entries.js';
import { encodeLzvn } from './lzvn.js';

const UF_COMPRESSED = 0x20;
const BLOCK = 0x10000;
/** In a zlib block: the byte before bytes that are stored as they are (its low nibble can begin no zlib stream). */
const STORED = 0xff;
/** The same in an LZVN block: its end opcode, which cannot come first. */
const LZVN_STORED = 0x06;
/** Inline values end at 3802 bytes; Apple's own tools keep well below it. */
const MOST_INLINE = 3786;

export type DecmpfsType = 3 | 4 | 7 | 8;

/** Whether a file with these contents can be kept inside its attribute. */
export function fitsInline(plain: Uint8Array): boolean {
  return plain.length <= BLOCK && zlibBlock(plain).length <= MOST_INLINE;
}

/**
 * How a compressed file is stored: an empty data fork, com.apple.decmpfs (little-endian: magic, u32 type, u64 size, for the
 * odd types the content), and for the even types a resource fork. Facts: formats.md section 10.
 */
export function compressed(plain: Uint8Array, type: DecmpfsType, name: string): Details {
  const header = Buffer.alloc(16);
  header.write('fpmc', 'latin1');
  header.writeUInt32LE(type, 4);
  header.writeBigUInt64LE(BigInt(plain.length), 8);
  const value = Buffer.concat([header, inlinePart(plain, type)]);
  const resource = type === 4 ? zlibFork(plain) : type === 8 ? lzvnFork(plain) : undefined;
  return {
    ownerFlags: UF_COMPRESSED,
    xattrs: [{ name: 'com.apple.decmpfs', value: fromBytes(value, `${name}: com.apple.decmpfs`) }],
    ...(resource === undefined ? {} : { resource: fromBytes(resource, `${name}: resource fork`) }),
  };
}

function inlinePart(plain: Uint8Array, type: DecmpfsType): Uint8Array {
  switch (type) {
    case 3:
      return zlibBlock(plain);
    case 7:
      return lzvnBlock(plain);
    default:
      return new Uint8Array(0);
  }
}

function zlibBlock(plain: Uint8Array): Uint8Array {
  const small = deflateSync(plain, { level: 9 });
  return small.length < plain.length ? small : Buffer.concat([Uint8Array.of(STORED), plain]);
}

function blocksOf(plain: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += BLOCK) blocks.push(plain.subarray(at, at + BLOCK));
  return blocks;
}

/** Type 4: a resource fork with one resource: u32 BE length; u32 LE count, count × {u32 offset, u32 size} LE, the blocks. */
function zlibFork(plain: Uint8Array): Uint8Array {
  const blocks = blocksOf(plain).map(zlibBlock);
  const table = Buffer.alloc(4 + 8 * blocks.length);
  table.writeUInt32LE(blocks.length);
  let at = table.length;
  blocks.forEach((block, i) => {
    table.writeUInt32LE(at, 4 + 8 * i);
    table.writeUInt32LE(block.length, 8 + 8 * i);
    at += block.length;
  });
  const head = Buffer.alloc(0x104);
  head.writeUInt32BE(0x100, 0); // where resource data start
  head.writeUInt32BE(0x104 + at, 4); // where the map starts
  head.writeUInt32BE(4 + at, 8); // bytes of resource data
  head.writeUInt32BE(50, 12); // bytes of the map
  head.writeUInt32BE(at, 0x100);
  return Buffer.concat([head, table, ...blocks, resourceMap()]);
}

/** A resource map with one resource, 'cmpf' number 1, as long as its fields ask for: 50 bytes, big-endian. */
function resourceMap(): Uint8Array {
  const map = Buffer.alloc(50);
  map.writeUInt16BE(28, 24); // where the list of types starts
  map.writeUInt16BE(50, 26); // where the list of names starts: there is none
  map.writeUInt16BE(0, 28); // types less one
  map.write('cmpf', 30, 'latin1');
  map.writeUInt16BE(0, 34); // resources of the type less one
  map.writeUInt16BE(10, 36); // where they are, from the list of types
  map.writeUInt16BE(1, 38); // resource number
  map.writeUInt16BE(0xffff, 40); // no name
  return map;
}

/** Type 8: u32 LE offsets of all blocks and of the end (the first is the table's own size), the blocks. */
function lzvnFork(plain: Uint8Array): Uint8Array {
  const blocks = blocksOf(plain).map(lzvnBlock);
  const table = Buffer.alloc(4 * (blocks.length + 1));
  let at = table.length;
  blocks.forEach((block, i) => {
    table.writeUInt32LE(at, 4 * i);
    at += block.length;
  });
  table.writeUInt32LE(at, 4 * blocks.length);
  return Buffer.concat([table, ...blocks]);
}

/** LZVN, or after a byte 06 the bytes as they are. */
function lzvnBlock(plain: Uint8Array): Uint8Array {
  const small = encodeLzvn(plain);
  return small.length < plain.length ? small : Buffer.concat([Uint8Array.of(LZVN_STORED), plain]);
}
