import type { ByteSource } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import { HFS_EPOCH } from '../formats/entry.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import { endOfUse, planVolume, StagedVolume, spareBlocks } from '../formats/hfsplus/write/index.js';
import { type HfsPartition, SECTOR } from '../formats/partition-map/index.js';
import { READ_AHEAD_SECTORS } from '../known/loaders.js';
import { layOut, volumeMultiple } from './layout.js';
import { isSame } from './same-source.js';
import type { DiskForm } from './types.js';
import { type VerbatimPlan, verbatim } from './verbatim.js';
import type { DiskPlan } from './writer/disk-plan.js';

/** Bytes that follow everything a loader reads. */
const SPARE = READ_AHEAD_SECTORS * SECTOR;

/** A disk image with its HFS+ volume opened. */
export interface OpenDisk {
  readonly disk: Disk;
  readonly partition: HfsPartition;
  readonly volume: HfsVolume;
}

/**
 * The finished disk: the volume, with what is staged over it, under the map that is wanted, with room behind everything a loader
 * reads. A volume nobody changed stays byte for byte where that room is there already; else it is planned anew, with free blocks at
 * its end. `now` is an HFS+ date, `onMeasured`: see planVolume. FormatError or SourceError where a volume that must be planned anew is
 * not clean.
 */
export async function planIso(
  { disk, partition, volume }: OpenDisk,
  options: {
    readonly form: DiskForm;
    readonly now: number;
    readonly staged?: StagedVolume | undefined;
    /** The file that the base disk is in. */
    readonly base?: ByteSource;
    readonly onMeasured?: () => void;
  },
): Promise<DiskPlan & Pick<VerbatimPlan, 'patch'>> {
  const { form, now, staged, base, onMeasured } = options;
  const date = now - HFS_EPOCH;
  if (staged === undefined || staged.catalog.isUntouched) {
    const plan = await verbatim(disk, partition, form, date);
    if (plan && plan.size - plan.volumeOffset - (await endOfUse(volume)) >= SPARE) return plan;
  }
  const planned = await planVolume(staged ?? new StagedVolume(volume, { now }), {
    now,
    ...(onMeasured && { onMeasured }),
    reserveBlocks: spareBlocks(SPARE, volume.header.blockSize),
    multipleOf: volumeMultiple(disk, partition, form),
    // Where it is a file of the disk as well, it is read for the base system and for itself: soon after, it is still in the page cache.
    ...(base && { laidFirst: (data: ByteSource) => isSame(data, base) }),
  });
  return layOut(disk, partition, planned, form, date);
}
