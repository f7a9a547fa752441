import { type ByteSource, fromBytes, zeros } from '../../../src/formats/bytes.js';
import { concat } from '../../../src/formats/concat.js';

/** An entry of a map to be made; `start` and `count` in the map's own blocks. */
export interface MadeEntry {
  readonly name: string;
  readonly type: string;
  readonly start: number;
  readonly count: number;
  readonly status?: number;
}

export interface MadeMap {
  /** As the descriptor says; 0: no descriptor. */
  readonly blockSize: number;
  /** Of the descriptor, in blocks. */
  readonly stated: number;
  /** Bytes from one entry to the next. */
  readonly stride?: number;
  readonly entries: readonly MadeEntry[];
  readonly mapEntries?: number;
}

/** Writes an Apple map into `disk` by hand, as real-media.md has it: no code of ours under test is used. */
export function putMap(
  disk: Uint8Array,
  { blockSize, stated, stride = blockSize, entries, mapEntries }: MadeMap,
): void {
  const view = new DataView(disk.buffer, disk.byteOffset, disk.byteLength);
  if (blockSize > 0) {
    disk.set([0x45, 0x52]);
    view.setUint16(2, blockSize);
    view.setUint32(4, stated);
  }
  for (const [i, { name, type, start, count, status = 0 }] of entries.entries()) {
    const at = (i + 1) * stride;
    disk.fill(0, at, at + 512);
    disk.set([0x50, 0x4d], at);
    view.setUint32(at + 4, mapEntries ?? entries.length);
    view.setUint32(at + 8, start);
    view.setUint32(at + 12, count);
    disk.set(new TextEncoder().encode(name), at + 16);
    disk.set(new TextEncoder().encode(type), at + 48);
    view.setUint32(at + 84, count);
    view.setUint32(at + 88, status);
  }
}

export const OWN: MadeEntry = { name: 'Apple', type: 'Apple_partition_map', start: 1, count: 15, status: 3 };
export const HFS_STATUS = 0x4000_0033;

/** The plain form of Apple's images up to 10.10 with N = `blocks` blocks of 2048: map, volume, three blocks of free space. */
export function plain2048(blocks: number): MadeMap {
  return {
    blockSize: 2048,
    stated: blocks,
    entries: [
      OWN,
      { name: 'disk image', type: 'Apple_HFS', start: 16, count: blocks - 19, status: HFS_STATUS },
      { name: '', type: 'Apple_Free', start: blocks - 3, count: 3 },
    ],
  };
}

/** A disk of `size` bytes that begins with `head`. */
export function sparseDisk(head: Uint8Array, size: number): ByteSource {
  const rest = zeros(size - head.length);
  return concat(
    [
      { source: fromBytes(head, 'head'), offset: 0, length: head.length },
      { source: rest, offset: 0, length: rest.size },
    ],
    'disk.iso',
  );
}

/** The first 32 KiB of a disk with this map. */
export function headOf(map: MadeMap): Uint8Array {
  const head = new Uint8Array(32_768);
  putMap(head, map);
  return head;
}
