import type { Disk } from '../formats/disk.js';
import {
  ALTERNATE_HEADER_FROM_END,
  decodeVolumeHeader,
  VOLUME_HEADER_OFFSET,
  VOLUME_HEADER_SIZE,
} from '../formats/hfsplus/header.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import { type DiskLayout, type HfsPartition, SECTOR } from '../formats/partition-map/index.js';
import { keepsMap, layOut, volumeMultiple } from './layout.js';
import type { DiskForm } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/** A disk whose volume is that of the base disk, byte for byte. */
export interface VerbatimPlan extends DiskPlan {
  /** Bytes from the start of the disk to the volume's. */
  readonly volumeOffset: number;
  /** What to write over a copy of the base disk, to be cut or extended to `size`; undefined where the volume moves. */
  readonly patch?: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/**
 * A disk whose volume nobody changed, as a plan: every byte as it is, as `hdiutil convert -format UDTO` does. Under another map the
 * volume's bytes are still the same. Undefined where the volume cannot stay as it is: it does not fill its partition (padding, a
 * dump that is cut), or its size is not one that the map can say.
 */
export async function verbatim(
  disk: Disk,
  partition: HfsPartition,
  form: DiskForm,
  date: number,
): Promise<VerbatimPlan | undefined> {
  const { source } = disk;
  const { volumeOffset } = partition;
  const volume = await asItIs(partition);
  if (volume === undefined) return undefined;
  const stays = keepsMap(disk, partition, form);
  if (stays && isInOrder(disk)) {
    const headers = volume.headers.map(({ offset, bytes }) => ({ offset: volumeOffset + offset, bytes }));
    return { size: source.size, extents: around(source, headers), headers, volumeOffset, patch: [] };
  }
  if (stays && partition.wrapped) return undefined;
  if (volume.size % volumeMultiple(disk, partition, form) !== 0) return undefined;
  const plan = layOut(disk, partition, volume, form, date);
  if (form.esp || plan.volumeOffset !== volumeOffset) return plan;
  return { ...plan, patch: plan.fresh ? overZeros(plan.mapExtents, volumeOffset) : plan.mapExtents };
}

/** Whether the map says nothing wrong about the disk; one that does is made right. */
function isInOrder({ source, map: { warnings, notes, totalSectors } }: Disk): boolean {
  return warnings.length === 0 && notes.length === 0 && source.size === totalSectors * SECTOR;
}

/** The extents, with zeros wherever none lies in front of the volume. */
function overZeros(extents: DiskLayout['extents'], volumeOffset: number): DiskLayout['extents'] {
  const front = new Uint8Array(volumeOffset);
  const behind = extents.filter(({ offset }) => offset >= volumeOffset);
  for (const { offset, bytes } of extents) if (offset < volumeOffset) front.set(bytes, offset);
  return [{ offset: 0, bytes: front }, ...behind];
}

/** The volume's own bytes; its two headers apart, to be written last. Undefined where it does not fill its partition. */
async function asItIs({ source }: HfsPartition): Promise<VolumePlan | undefined> {
  const { size } = source;
  const places = [size - ALTERNATE_HEADER_FROM_END, VOLUME_HEADER_OFFSET];
  const headers: { offset: number; bytes: Uint8Array }[] = [];
  for (const offset of places) headers.push({ offset, bytes: await source.read(offset, VOLUME_HEADER_SIZE) });
  const [alternate, primary] = headers.map(({ bytes }) => bytes);
  const where = { file: source.name, structure: 'volume header', offset: VOLUME_HEADER_OFFSET };
  const { blockSize, totalBlocks } = decodeVolumeHeader(primary!, where);
  // Signature and version, block size, number of blocks.
  const same = [0, 40, 44].every(
    (at) => Buffer.compare(alternate!.subarray(at, at + 4), primary!.subarray(at, at + 4)) === 0,
  );
  if (!same || totalBlocks * blockSize + blockSize <= size) return undefined;
  return { size, blockSize, totalBlocks, extents: around(source, headers), headers };
}

/** All of a source but the stretches that come later. */
function around(
  source: PlannedExtent['source'],
  later: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
): PlannedExtent[] {
  const extents: PlannedExtent[] = [];
  let at = 0;
  for (const { offset, bytes } of [...later].sort((a, b) => a.offset - b.offset)) {
    if (offset > at) extents.push({ offset: at, length: offset - at, source, from: at });
    at = offset + bytes.length;
  }
  if (at < source.size) extents.push({ offset: at, length: source.size - at, source, from: at });
  return extents;
}
