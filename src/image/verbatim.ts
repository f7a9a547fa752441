import type { Disk } from '../formats/disk.js';
import { ALTERNATE_HEADER_FROM_END, VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE } from '../formats/hfsplus/header.js';
import type { PlannedExtent, VolumePlan } from '../formats/hfsplus/plan.js';
import { type HfsPartition, SECTOR } from '../formats/partition-map/index.js';
import { layOut } from './layout.js';
import type { MapChoice } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/**
 * A disk whose volume nobody changed, as a plan: every byte as it is, as `hdiutil convert -format UDTO` does. Under another map
 * the volume's bytes are still the same.
 */
export async function verbatim(disk: Disk, partition: HfsPartition, map: MapChoice): Promise<DiskPlan> {
  const { scheme, warnings } = disk.map;
  const volume = await asItIs(partition);
  const stays = scheme !== 'none' && (map === 'keep' || map === scheme);
  // A map that says something wrong about the disk is made right instead.
  if (!stays || warnings.length > 0) return layOut(disk, partition, volume, map);
  const { source } = disk;
  if (partition.wrapped) {
    return { size: source.size, extents: [{ offset: 0, length: source.size, source, from: 0 }], headers: [] };
  }
  const start = partition.firstSector * SECTOR;
  const headers = volume.headers.map(({ offset, bytes }) => ({ offset: start + offset, bytes }));
  return { size: source.size, extents: around(source, headers), headers };
}

/** The volume's own bytes; its two headers apart, to be written last. */
async function asItIs({ source }: HfsPartition): Promise<VolumePlan> {
  const places = [source.size - ALTERNATE_HEADER_FROM_END, VOLUME_HEADER_OFFSET];
  const headers: { offset: number; bytes: Uint8Array }[] = [];
  for (const offset of places) headers.push({ offset, bytes: await source.read(offset, VOLUME_HEADER_SIZE) });
  const fields = new DataView(headers[1]!.bytes.buffer, headers[1]!.bytes.byteOffset);
  return {
    size: source.size,
    blockSize: fields.getUint32(40),
    totalBlocks: fields.getUint32(44),
    extents: around(source, headers),
    headers,
  };
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
