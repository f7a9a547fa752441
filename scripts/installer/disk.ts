import { type ByteSource, fromBytes, zeros } from '../../src/formats/bytes.js';
import type { BlkxPartition } from '../../src/formats/udif/index.js';
import { apple512, apple2048, type Driver } from './maps/apple-layout.js';
import { gpt } from './maps/gpt-layout.js';
import { bare, type Layout } from './maps/layout.js';
import type { PartitionMap } from './options.js';
import { patched, sourceOfPlan } from './plan-source.js';
import { Random } from './random.js';

const SECTOR = 512;
const BLOCK = 2048;
/** Of a driver partition where nobody measured it, in 2048-byte blocks. */
const SMALL_DRIVER = 8;
/** ISO 9660: descriptors begin at sector 16 of 2048 bytes, which is where the driver's partition begins. */
const DESCRIPTORS: readonly { readonly offset: number; readonly bytes: Uint8Array }[] = [
  { offset: 0, bytes: Buffer.from('\x01CD001\x01', 'latin1') },
  { offset: BLOCK, bytes: Buffer.from('\xffCD001\x01', 'latin1') },
];

/** How the disk around a volume is made. */
export interface DiskDetails {
  readonly name: string;
  readonly map: PartitionMap;
  readonly seed: number;
  /** 'gpt-efi' only: sectors of the EFI system partition before the volume; a multiple of 8. */
  readonly efiSectors?: number;
  /** 'apm-2048-atapi' only: bytes of the driver's partition, 2048 each, which then holds an ISO 9660 volume (10.6's Boot Camp). */
  readonly bootCamp?: number;
  /** 2048-byte Apple maps only: the free blocks at the end are counted by the map and not in the file. */
  readonly pastEnd?: boolean;
}

/** A disk, and the stretches of it that become blkx tables in a UDIF image. */
export interface MadeDisk {
  readonly disk: ByteSource;
  readonly partitions: readonly BlkxPartition[];
}

/** The volume with its partition map around it. */
export function makeDisk(volume: ByteSource, details: DiskDetails): MadeDisk {
  const { name } = details;
  const layout = layoutOf(volume.size / SECTOR, details);
  const extents = [
    ...layout.pieces.map(({ offset, bytes }) => {
      return { offset, length: bytes.length, source: fromBytes(bytes, name), from: 0 };
    }),
    ...bootCamp(details),
    { offset: layout.volumeFirstSector * SECTOR, length: volume.size, source: volume, from: 0 },
  ];
  const bareDisk = details.map === 'none';
  return {
    disk: sourceOfPlan({ size: layout.totalSectors * SECTOR, extents, headers: [] }, name),
    partitions: layout.stretches.map((stretch, i) => {
      return { ...stretch, name: `${stretch.name} : ${i})`, id: bareDisk ? -2 : i - 1 };
    }),
  };
}

function layoutOf(volumeSectors: number, details: DiskDetails): Layout {
  const { map, seed, efiSectors, bootCamp: blocks = SMALL_DRIVER, pastEnd = false } = details;
  switch (map) {
    case 'none':
      return bare(volumeSectors);
    case 'apm':
      return apple512(volumeSectors);
    case 'apm-old-school':
      return apple512(volumeSectors, BLOCK);
    case 'apm-2048':
      return apple2048(volumeSectors, { pastEnd });
    case 'apm-2048-atapi':
      return apple2048(volumeSectors, { pastEnd, driver: driver(blocks, seed) });
    case 'gpt':
      return gpt(volumeSectors, new Random(seed));
    case 'gpt-efi':
      return gpt(volumeSectors, new Random(seed), efiSectors);
    default:
      return map satisfies never;
  }
}

/** Made-up boot fields (size, addresses, checksum, processor), none of them zero. */
function driver(blocks: number, seed: number): Driver {
  const dice = new Random(seed);
  const boot = Buffer.alloc(44);
  boot.writeUInt32BE(blocks * BLOCK, 4); // bytes 92 to 95, the start of the code, are 0
  for (let at = 8; at < 28; at += 4) boot.writeUInt32BE(dice.next(), at);
  boot.write('68000', 28, 'latin1');
  return { blocks, boot };
}

/** What the driver's partition holds: an empty ISO 9660 volume, of which two descriptors are there. */
function bootCamp({ map, name, bootCamp: blocks }: DiskDetails) {
  if (map !== 'apm-2048-atapi' || blocks === undefined) return [];
  const source = patched(zeros(blocks * BLOCK, name), DESCRIPTORS);
  return [{ offset: 16 * BLOCK, length: source.size, source, from: 0 }];
}
