import type { VolumePlan } from '../../src/formats/hfsplus/plan.js';

/** The finished volume of a plan, in memory. Checks the plan's own promises: sorted, not overlapping, inside, headers apart. */
export async function materialize(plan: VolumePlan): Promise<Buffer> {
  const volume = Buffer.alloc(plan.size);
  await apply(plan, volume);
  return volume;
}

/** Writes a plan over what is there. */
export async function apply(plan: VolumePlan, volume: Buffer): Promise<void> {
  if (plan.size !== plan.blockSize * plan.totalBlocks) throw new Error('size is not blockSize × totalBlocks');
  if (volume.length !== plan.size) throw new Error(`a volume of ${volume.length} bytes, a plan of ${plan.size}`);
  let end = 0;
  for (const extent of plan.extents) {
    if (extent.offset < end) throw new Error(`extent at ${extent.offset} overlaps the one that ends at ${end}`);
    end = extent.offset + extent.length;
    if (end > plan.size) throw new Error(`extent ends at ${end}, the volume at ${plan.size}`);
    for (const header of plan.headers) {
      if (extent.offset < header.offset + header.bytes.length && end > header.offset) {
        throw new Error(`extent ${extent.offset}…${end} covers the header at ${header.offset}`);
      }
    }
    volume.set(await extent.source.read(extent.from, extent.length), extent.offset);
  }
  for (const header of plan.headers) volume.set(header.bytes, header.offset);
}
