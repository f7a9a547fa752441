import { baseSystemOnDisk } from '../formats/base-system.js';
import type { ByteSource } from '../formats/bytes.js';
import { fromBytes, zeros } from '../formats/bytes.js';
import { concat } from '../formats/concat.js';
import type { NewDigest } from '../formats/digest.js';
import { openDisk, openVolume } from '../formats/disk.js';
import { packagesOnDisk } from '../formats/disk-packages.js';
import { type Placed, Proofs } from '../formats/proofs.js';
import type { Work } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/** What was proved on the way, for the manifest: of each package, by its path, and of BaseSystem.dmg. */
export interface ProvedOnTheWay {
  readonly packages: Readonly<Record<string, string>>;
  readonly baseSystem?: string;
}

/** Proves the packages and the BaseSystem.dmg of a planned disk while its bytes are written. */
export class ProofsOnTheWay {
  readonly #proofs: Proofs;
  readonly #image: string | undefined;

  private constructor(proofs: Proofs, image: string | undefined) {
    this.#proofs = proofs;
    this.#image = image;
  }

  /** Files are found as `verify` finds them on the finished disk; `digest` hashes them. SourceError where a package is wrong already. */
  static async of(plan: DiskPlan, digest: NewDigest): Promise<ProofsOnTheWay> {
    const { partition, volume } = await openVolume(await openDisk(plannedDisk(plan)));
    const { placed, broken } = await packagesOnDisk(volume, partition, digest);
    for (const one of broken) if ('error' in one) throw one.error;
    const found = await baseSystemOnDisk(volume, partition);
    const image = found && !isObserved(plan, found) ? [found] : [];
    const proofs = new Proofs([...placed, ...image], { whole: true, size: plan.size });
    return new ProofsOnTheWay(proofs, image[0]?.name);
  }

  /** The disk's next bytes. */
  update(bytes: Uint8Array): void {
    this.#proofs.update(bytes);
  }

  /** Throws what is wrong with the first file that is not as it was. `settled`: see Proofs. */
  async finish(work: Work, settled: () => Promise<void>): Promise<ProvedOnTheWay> {
    const packages: Record<string, string> = {};
    let baseSystem: string | undefined;
    for (const outcome of await this.#proofs.finish(work.signal, settled)) {
      if ('error' in outcome) throw outcome.error;
      const text = `proved: ${outcome.proved}`;
      if (outcome.name === this.#image) baseSystem = text;
      else packages[outcome.name] = text;
    }
    const count = Object.keys(packages).length;
    if (count > 0) work.note(`${count} ${count === 1 ? 'package matches its' : 'packages match their'} checksums`);
    return { packages, ...(baseSystem !== undefined && { baseSystem }) };
  }
}

/** Whether somebody sees a file's bytes already as they are written: it was copied with its chunklist. */
function isObserved(plan: DiskPlan, { stretches = [] }: Placed): boolean {
  const within = (offset: number, length: number) =>
    stretches.some((stretch) => offset < stretch.offset + stretch.length && stretch.offset < offset + length);
  const parts = plan.extents.filter(({ offset, length }) => within(offset, length));
  return parts.length > 0 && parts.every(({ source }) => source.observe !== undefined);
}

/** A disk before it is written. */
function plannedDisk(plan: DiskPlan): ByteSource {
  const parts = [
    ...plan.extents.map(({ offset, length, source, from }) => ({ at: offset, length, source, offset: from })),
    ...plan.headers.map(({ offset, bytes }) => ({
      at: offset,
      length: bytes.length,
      source: fromBytes(bytes, 'volume header'),
      offset: 0,
    })),
  ].sort((a, b) => a.at - b.at);
  const all: { source: ByteSource; offset: number; length: number }[] = [];
  let end = 0;
  const fill = (to: number) => {
    if (to > end) all.push({ source: zeros(to - end), offset: 0, length: to - end });
  };
  for (const { at, length, source, offset } of parts) {
    fill(at);
    all.push({ source, offset, length });
    end = at + length;
  }
  fill(plan.size);
  return concat(all, 'the ISO');
}
