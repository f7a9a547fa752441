import { crc32 } from 'node:zlib';
import { guidBytes } from '../../../src/formats/partition-map/guid.js';
import { HFS_STATUS, type MadeEntry, OWN, putMap } from './apple-2048.js';
import { DISK_GUID, PARTITION_GUID } from './disks.js';

/** A volume under a map that was seen in the wild. */
export interface WildDisk {
  readonly name: string;
  readonly scheme: 'none' | 'apm' | 'gpt' | 'mbr';
  /** Of the partition with the volume; 0 where there is no map. */
  readonly index: number;
  readonly firstSector: number;
  readonly bytes: Uint8Array;
}

/** Sectors in front of the volume, as hdiutil has it. */
const FRONT = 64;
const HFS: MadeEntry = { name: 'disk image', type: 'Apple_HFS', start: FRONT, count: 0, status: HFS_STATUS };

/** The volume wrapped in ten maps; see ../../../../shared/cases for where each was met. `volume`: a multiple of 4096 bytes. */
export function wildDisks(volume: Uint8Array): WildDisk[] {
  const sectors = volume.length / 512;
  const apm = (name: string, front: Uint8Array, more: Partial<WildDisk> = {}, behind = 0): WildDisk => ({
    ...{ name, scheme: 'apm', index: 2, firstSector: front.length / 512 },
    bytes: joined(front, volume, new Uint8Array(behind)),
    ...more,
  });
  const own = { ...OWN, count: FRONT - 1 };
  const hfs = { ...HFS, count: sectors };
  const total = FRONT + sectors;
  const oldSchool = { blockSize: 2048, stride: 512, stated: total / 4 };
  const cd = { blockSize: 2048, stated: total / 4, entries: [OWN, { ...HFS, start: 16, count: sectors / 4 }] };

  const both = new Uint8Array(FRONT * 512);
  putMap(both, cd);
  putMap(both, { ...oldSchool, entries: [own, hfs, { name: '', type: 'Apple_Void', start: 0, count: 0 }] });
  return [
    { name: 'no map', scheme: 'none', index: 0, firstSector: 0, bytes: volume.slice() },
    apm('old school: 2048 in the descriptor alone', front({ ...oldSchool, entries: [own, hfs] })),
    apm('old school, and entries at every 2048 bytes as well', both),
    apm('blocks of 2048', front(cd)),
    apm('a driver in front, free space behind', withDriver(sectors), { index: 3 }, 10 * 512),
    apm(
      'a descriptor that counts too few, padding behind',
      front({ blockSize: 512, stated: total - 40, entries: [own, hfs] }),
      {},
      7 * 512,
    ),
    apm(
      'a volume that ends past the end',
      front({ blockSize: 512, stated: total, entries: [own, { ...hfs, count: sectors + 8 }] }),
    ),
    mbrLogical(volume),
    mbrPrimary(volume),
    gptDisk(volume, 512),
    gptDisk(volume, 4096),
  ];
}

function front(map: Parameters<typeof putMap>[1]): Uint8Array {
  const bytes = new Uint8Array(FRONT * 512);
  putMap(bytes, map);
  return bytes;
}

function withDriver(sectors: number): Uint8Array {
  const bytes = new Uint8Array(96 * 512);
  putMap(bytes, {
    blockSize: 512,
    stated: 96 + sectors + 10,
    entries: [
      { ...OWN, count: 63 },
      { name: 'Macintosh', type: 'Apple_Driver43', start: 64, count: 32, status: 0x7f },
      { name: 'MacOS', type: 'Apple_HFS', start: 96, count: sectors, status: 0xb7 },
      { name: '', type: 'Apple_Free', start: 96 + sectors, count: 10 },
    ],
  });
  // The descriptor's one driver: from block 64, 19 blocks, for Mac OS.
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 1);
  view.setUint32(18, 64);
  view.setUint16(22, 19);
  view.setUint16(24, 1);
  return bytes;
}

/** A boot record with entries: type, first sector, sectors. */
export function bootRecord(entries: readonly (readonly [number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  for (const [i, [type, first, count]] of entries.entries()) {
    bytes[446 + i * 16 + 4] = type;
    view.setUint32(446 + i * 16 + 8, first, true);
    view.setUint32(446 + i * 16 + 12, count, true);
  }
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

function mbrLogical(volume: Uint8Array): WildDisk {
  const sectors = volume.length / 512;
  const gap = new Uint8Array(62 * 512);
  return {
    ...{ name: 'a logical partition', scheme: 'mbr', index: 5, firstSector: 126 },
    bytes: joined(bootRecord([[5, 63, 63 + sectors]]), gap, bootRecord([[0xaf, 63, sectors]]), gap, volume),
  };
}

function mbrPrimary(volume: Uint8Array): WildDisk {
  const sectors = volume.length / 512;
  return {
    ...{ name: 'a primary partition behind another', scheme: 'mbr', index: 2, firstSector: 63 },
    bytes: joined(
      bootRecord([
        [0x83, 1, 62],
        [0xaf, 63, sectors],
      ]),
      new Uint8Array(62 * 512),
      volume,
    ),
  };
}

/** A GUID partition table in blocks of `size` bytes (UEFI specification, chapter 5). */
function gptDisk(volume: Uint8Array, size: 512 | 4096): WildDisk {
  const first = size === 512 ? 40 : 6;
  const entriesBlocks = 16_384 / size;
  const blocks = volume.length / size;
  const total = first + blocks + entriesBlocks + 1;
  const entries = Buffer.alloc(16_384);
  entries.set(guidBytes('48465300-0000-11AA-AA11-00306543ECAC'), 0);
  entries.set(guidBytes(PARTITION_GUID), 16);
  entries.writeBigUInt64LE(BigInt(first), 32);
  entries.writeBigUInt64LE(BigInt(first + blocks - 1), 40);
  entries.write('disk image', 56, 'utf16le');
  const header = (own: number, other: number, entriesAt: number) => {
    const bytes = Buffer.alloc(size);
    bytes.write('EFI PART');
    bytes.writeUInt32LE(0x10000, 8);
    bytes.writeUInt32LE(92, 12);
    for (const [i, value] of [own, other, 2 + entriesBlocks, total - entriesBlocks - 2].entries()) {
      bytes.writeBigUInt64LE(BigInt(value), 24 + i * 8);
    }
    bytes.set(guidBytes(DISK_GUID), 56);
    bytes.writeBigUInt64LE(BigInt(entriesAt), 72);
    bytes.writeUInt32LE(128, 80);
    bytes.writeUInt32LE(128, 84);
    bytes.writeUInt32LE(crc32(entries), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
    return bytes;
  };
  const disk = new Uint8Array(total * size);
  disk.set(bootRecord([[0xee, 1, total - 1]]));
  disk.set(header(1, total - 1, 2), size);
  disk.set(entries, 2 * size);
  disk.set(volume, first * size);
  disk.set(entries, (total - 1 - entriesBlocks) * size);
  disk.set(header(total - 1, 1, total - 1 - entriesBlocks), (total - 1) * size);
  return {
    ...{ name: `a GPT with blocks of ${size}`, scheme: 'gpt', index: 1, firstSector: (first * size) / 512 },
    bytes: disk,
  };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
