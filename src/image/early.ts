import type { FileHandle } from 'node:fs/promises';
import type { ByteSource } from '../formats/bytes.js';
import { concat } from '../formats/concat.js';
import { type HostFile, openHostFile } from '../host/host-file.js';
import { Relay } from './relay.js';
import { isSame } from './same-source.js';
import type { DiskExtent, DiskPlan } from './writer/disk-plan.js';
import type { WriteOptions } from './writer/write-disk.js';
import { writeStretches } from './writer/write-stretches.js';

/**
 * A file on the finished disk from which other parts of that disk are made, and which is far away: BaseSystem.dmg is one of the files
 * of the disk whose system it holds. It is fetched once: written to its place before all else, and read from there by whoever needs it
 * again. So nothing has to be kept in memory or beside the result.
 */
export class Early {
  #file: HostFile | undefined;

  private constructor(
    readonly relay: Relay,
    readonly extents: readonly DiskExtent[],
    /** What is written afterwards. The file itself is there by then: it is read for the disk's checksum, not written. */
    readonly plan: DiskPlan,
  ) {}

  /** Undefined where `base`, which the plan's volume is in, is near, or is not a file on the disk as well. */
  static in(plan: DiskPlan, base: ByteSource): Early | undefined {
    if (!(base instanceof Relay)) return undefined;
    const extents = plan.extents.filter(({ source }) => source !== base && isSame(source, base));
    const whole = extents.reduce((end, { from, length }) => (from === end ? end + length : Number.NaN), 0);
    if (whole !== base.size) return undefined;
    const after = (extent: DiskExtent): DiskExtent =>
      extents.includes(extent) ? { ...extent, source: base, written: true } : extent;
    return new Early(base, extents, { ...plan, extents: plan.extents.map(after) });
  }

  /** Writes it into the disk, which is at `path`, and has it read from there. */
  async write(path: string, disk: FileHandle, { pool, signal, onChecksums }: WriteOptions): Promise<void> {
    const size = Math.max(...this.extents.map(({ offset, length }) => offset + length));
    const plan = { size, extents: this.extents, headers: [] };
    await writeStretches(disk, plan, { pool, signal, ...(onChecksums && { onChecksums }) });
    const file = await openHostFile(path, { name: this.relay.name, noLink: true, signal });
    this.#file = file;
    const parts = this.extents.map(({ offset, length }) => ({ source: file, offset, length }));
    this.relay.turn(concat(parts, this.relay.name));
  }

  /** When nobody reads it any more. */
  async close(): Promise<void> {
    await this.#file?.close();
  }
}
