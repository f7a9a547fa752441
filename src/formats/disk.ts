import type { ByteSource } from './bytes.js';
import { HfsVolume } from './hfsplus/volume.js';
import { findHfsPartition, type HfsPartition, type PartitionMap, readPartitionMap } from './partition-map/index.js';
import { openUdif, type UdifImage } from './udif/index.js';
import { openSparse } from './udif/sparse.js';

/** A disk image opened, whatever kind it is: its sectors and how they are partitioned. */
export interface Disk {
  readonly kind: 'udif' | 'sparse' | 'raw';
  /** The decoded sectors. */
  readonly source: ByteSource;
  readonly udif?: UdifImage;
  readonly map: PartitionMap;
}

/** Opens a .dmg, a .sparseimage or a raw disk (.iso, .cdr). FormatError or SourceError where it is none of them. */
export async function openDisk(file: ByteSource): Promise<Disk> {
  const udif = await openUdif(file);
  if (udif) return { kind: 'udif', source: udif, udif, map: await readPartitionMap(udif) };
  const sparse = await openSparse(file);
  const source = sparse ?? file;
  return { kind: sparse ? 'sparse' : 'raw', source, map: await readPartitionMap(source) };
}

/** The disk's HFS+ partition, chosen by type, and its volume. */
export async function openVolume(disk: Disk): Promise<{ partition: HfsPartition; volume: HfsVolume }> {
  const partition = await findHfsPartition(disk.map, disk.source);
  return { partition, volume: await HfsVolume.open(partition.source) };
}
