import { crc32 } from 'node:zlib';
import type { ByteSource } from '../../src/formats/bytes.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { headerCrc } from '../../src/formats/partition-map/gpt.js';
import { guidBytes } from '../../src/formats/partition-map/guid.js';
import { type DiskLayout, planApm, planGpt, SECTOR } from '../../src/formats/partition-map/index.js';
import type { PartitionMap } from './options.js';
import { sourceOfPlan } from './plan-source.js';
import { Random } from './random.js';

const EFI_SYSTEM = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const ENTRY = 128;
const ENTRIES_BYTES = 128 * ENTRY;
const HEADER_BYTES = 92;

/** How the disk around a volume is made. */
export interface DiskDetails {
  readonly name: string;
  readonly map: PartitionMap;
  readonly seed: number;
  /** GPT only: sectors of an EFI system partition before the volume; a multiple of 8. */
  readonly efiSectors?: number;
}

/** The volume with its partition map around it, as a source. */
export function makeDisk(volume: ByteSource, details: DiskDetails): ByteSource {
  const layout = layoutOf(volume.size / SECTOR, details);
  const offset = layout.volumeFirstSector * SECTOR;
  const extents = [
    ...layout.extents.map(({ offset: at, bytes }) => {
      return { offset: at, length: bytes.length, source: fromBytes(bytes, details.name), from: 0 };
    }),
    { offset, length: volume.size, source: volume, from: 0 },
  ];
  return sourceOfPlan({ size: layout.totalSectors * SECTOR, extents, headers: [] }, details.name);
}

function layoutOf(volumeSectors: number, { map, seed, efiSectors = 0 }: DiskDetails): DiskLayout {
  if (map === 'none') return { totalSectors: volumeSectors, volumeFirstSector: 0, volumeSectors, extents: [] };
  if (map === 'apm') return planApm({ volumeSectors });
  const dice = new Random(seed);
  const guids = { diskGuid: guid(dice), partitionGuid: guid(dice) };
  if (efiSectors === 0) return planGpt({ volumeSectors, ...guids });
  const layout = planGpt({ volumeSectors: efiSectors + volumeSectors, ...guids });
  return withEfiPartition(layout, efiSectors, guid(dice));
}

/** Splits the one partition of a new GPT into an EFI system partition and the volume's. Fields little-endian (UEFI 5.3). */
function withEfiPartition(layout: DiskLayout, efiSectors: number, partitionGuid: string): DiskLayout {
  const [front, back] = layout.extents.map(({ offset, bytes }) => ({ offset, bytes: Buffer.from(bytes) }));
  if (!front || !back) throw new Error('a GPT has two ends');
  const first = layout.volumeFirstSector;
  const entries = front.bytes.subarray(2 * SECTOR, 2 * SECTOR + ENTRIES_BYTES);
  entries.copy(entries, ENTRY, 0, ENTRY);
  entries.writeBigUInt64LE(BigInt(first + efiSectors), ENTRY + 32);
  entries.fill(0, 0, ENTRY);
  entries.set(guidBytes(EFI_SYSTEM), 0);
  entries.set(guidBytes(partitionGuid), 16);
  entries.writeBigUInt64LE(BigInt(first), 32);
  entries.writeBigUInt64LE(BigInt(first + efiSectors - 1), 40);
  entries.write('EFI System Partition', 56, 'utf16le');
  entries.copy(back.bytes, back.bytes.length - SECTOR - ENTRIES_BYTES);
  for (const header of [front.bytes.subarray(SECTOR, 2 * SECTOR), back.bytes.subarray(back.bytes.length - SECTOR)]) {
    header.writeUInt32LE(crc32(entries), 88);
    header.writeUInt32LE(headerCrc(header, HEADER_BYTES), 16);
  }
  return {
    ...layout,
    volumeFirstSector: first + efiSectors,
    volumeSectors: layout.volumeSectors - efiSectors,
    extents: [front, back],
  };
}

/** A random (version 4) GUID out of a seed. */
export function guid(dice: Random): string {
  const hex = Array.from({ length: 4 }, () => dice.next().toString(16).padStart(8, '0')).join('');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  return text.toUpperCase();
}
