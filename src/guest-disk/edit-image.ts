import { explain } from '../core/explain.js';
import type { Scope } from '../core/scope.js';
import { Interrupted, SourceError, StepError } from '../errors.js';
import { type ByteSource, fromBytes, slice } from '../formats/bytes.js';
import { hfsDate, type Path, showPath } from '../formats/entry.js';
import { heeding } from '../formats/heeding.js';
import { VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE, VolumeAttribute } from '../formats/hfsplus/header.js';
import { HfsVolume } from '../formats/hfsplus/volume.js';
import { type InPlacePlan, planInPlace, StagedVolume } from '../formats/hfsplus/write/index.js';
import { findHfsPartition, readPartitionMap, SECTOR } from '../formats/partition-map/index.js';
import type { PlannedExtent } from '../formats/planned.js';
import { readWhole } from '../formats/whole.js';
import { READ_AHEAD_SECTORS } from '../known/loaders.js';
import { type DiskFormat, expectSectors, type GuardedDisk, guardDisk } from '../vm-disk/index.js';
import { commitInPlace } from './commit.js';
import { refuseInUse } from './in-use.js';
import { openQemuImage } from './qemu-nbd.js';
import { type DiskTarget, openRawTarget } from './target.js';

/** One thing that is changed on a guest's volume. */
export interface GuestChange {
  readonly what: 'add' | 'replace' | 'keep' | 'remove';
  readonly path: Path;
  /** What a file at `path` holds afterwards: compared when all is written. */
  readonly bytes?: Uint8Array;
  /** For people, beside the path. */
  readonly note?: string;
}

export interface ImageEditOptions {
  readonly image: string;
  /** The number in the partition map; default: the only HFS+ volume there is. */
  readonly partition?: number;
  /** Plans everything and writes nothing. */
  readonly dryRun?: boolean;
  /** Other files that the image may be made of. */
  readonly backingOk?: readonly string[];
  /** Of a raw disk that is going to be changed: shown all that will be written, with its offsets on the disk, before any of it is. */
  readonly foresee?: (disk: ByteSource, writes: readonly PlannedExtent[]) => Promise<void>;
}

export interface EditContext {
  readonly signal: AbortSignal;
  /** Unwound before the edit returns. */
  readonly scope: Scope;
  readonly remark?: (text: string) => void;
}

/** What was done to an image, or would be. */
export interface ImageEdit {
  readonly format: DiskFormat;
  /** 0 where the disk has no map. */
  readonly partition: number;
  readonly volume: string;
  readonly changes: readonly GuestChange[];
  /** Bytes written, or to be written: the changes and the volume's own tables. */
  readonly bytes: number;
  readonly written: boolean;
}

/** Plans changes on a volume; what it returns is all that `stage` did. */
export type Stage = (volume: StagedVolume) => Promise<readonly GuestChange[]>;

/**
 * Changes the HFS+ volume of a guest's disk where it lies, without root and without a mount. A crash leaves the volume old or new,
 * never between. SourceError for what cannot be changed (APFS, encrypted, not cleanly unmounted …), StepError for an image in use or
 * a full volume, HostError without qemu-nbd for QEMU's own formats.
 */
export async function editImage(options: ImageEditOptions, context: EditContext, stage: Stage): Promise<ImageEdit> {
  let failure: unknown;
  let result: ImageEdit | undefined;
  try {
    result = await edit(options, context, stage);
  } catch (error) {
    failure = context.signal.aborted ? new Interrupted() : explain(error, `Change ${options.image}`);
  }
  const left = await context.scope.unwind(result ? 'done' : context.signal.aborted ? 'interrupted' : 'failed');
  for (const { title, command, reason } of left) context.remark?.(`Left behind: ${title} (${reason}). ${command}`);
  if (!result) throw failure;
  return result;
}

async function edit(options: ImageEditOptions, context: EditContext, stage: Stage) {
  const { image, partition: index, dryRun = false, backingOk = [], foresee } = options;
  const { signal } = context;
  const guarded = await guardDisk(image, { backingOk });
  const { format } = guarded;
  if (format === 'raw') await expectSectors(image, image);
  const disk = await openTarget(image, guarded, dryRun, context);
  // Up to the headers a stop ends whatever reads; then the change is finished first, and proved.
  const source = heeding(disk.source, signal);
  const partition = await findHfsPartition(await readPartitionMap(source), source, {
    ...(index !== undefined && { index }),
  }).catch((error: unknown) => {
    throw error instanceof SourceError && /more than one/.test(error.message)
      ? new SourceError(error.message, { hint: 'Say which one: --partition N, with its number in the partition map.' })
      : error;
  });
  if (partition.wrapped) {
    throw new SourceError(`${source.name}: the volume lies in an HFS wrapper, which osx-iso only reads.`);
  }
  const headerBefore = await partition.source.read(VOLUME_HEADER_OFFSET, VOLUME_HEADER_SIZE);
  const volume = await HfsVolume.open(partition.source);
  if ((volume.header.attributes & VolumeAttribute.bootVolumeInconsistent) !== 0) {
    throw new SourceError(`${source.name}: the volume was not unmounted cleanly.`, {
      hint: 'Start the guest and let it shut down.',
    });
  }
  const now = hfsDate(Date.now() / 1000);
  const staged = new StagedVolume(volume, { now });
  const changes = await stage(staged);
  const outcome = { format, partition: partition.index, volume: volume.name, changes };
  if (changes.length === 0) return { ...outcome, bytes: 0, written: false };
  const usableBytes = source.size - READ_AHEAD_SECTORS * SECTOR - partition.volumeOffset;
  const plan = await planInPlace(staged, { now, usableBytes });
  const bytes = sizeOf(plan);
  if (dryRun) return { ...outcome, bytes, written: false };
  if (format === 'raw') await foresee?.(source, writesOf(plan, partition.volumeOffset));
  if (format === 'raw') await refuseInUse(image, signal);
  await commitInPlace(plan, disk, { volumeOffset: partition.volumeOffset, signal, headerBefore });
  const written = slice(disk.source, partition.volumeOffset, partition.source.size);
  await prove(await HfsVolume.open(written), changes);
  return { ...outcome, bytes, written: true };
}

async function openTarget(
  image: string,
  guarded: GuardedDisk,
  readOnly: boolean,
  { signal, scope }: EditContext,
): Promise<DiskTarget> {
  if (guarded.format !== 'raw') return openQemuImage(image, { guarded, readOnly, signal, scope });
  await refuseInUse(image, signal);
  const target = await openRawTarget(image, { readOnly });
  scope.defer(`close ${image}`, () => target.close());
  return target;
}

/** All that a plan writes, by its place on the disk. */
function writesOf({ extents, headers }: InPlacePlan, volumeOffset: number): PlannedExtent[] {
  return [
    ...extents.map((extent) => ({ ...extent, offset: volumeOffset + extent.offset })),
    ...headers.map(({ offset, bytes }) => ({
      offset: volumeOffset + offset,
      length: bytes.length,
      source: fromBytes(bytes, 'volume header'),
      from: 0,
    })),
  ];
}

/** Bytes that a plan writes. */
function sizeOf({ extents, headers }: InPlacePlan): number {
  return (
    extents.reduce((sum, { length }) => sum + length, 0) + headers.reduce((sum, { bytes }) => sum + bytes.length, 0)
  );
}

/** Reads back what was written. */
async function prove(volume: HfsVolume, changes: readonly GuestChange[]): Promise<void> {
  for (const { what, path, bytes } of changes) {
    const file = await volume.file(path);
    const found =
      file && bytes && file.size === bytes.length
        ? await readWhole(file, { what: 'what was written', most: bytes.length })
        : undefined;
    const right = bytes
      ? found && Buffer.from(bytes).equals(found)
      : what !== 'remove' || (await volume.entry(path)) === undefined;
    if (!right) throw new StepError(`${showPath(path)} was written, but does not read back as it should.`);
  }
}
