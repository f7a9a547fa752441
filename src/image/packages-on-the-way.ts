import type { ByteSource } from '../formats/bytes.js';
import { fromBytes, zeros } from '../formats/bytes.js';
import { concat } from '../formats/concat.js';
import { openDisk, openVolume } from '../formats/disk.js';
import { packagesOnDisk } from '../formats/disk-packages.js';
import { Proofs } from '../formats/proofs.js';
import type { Work } from './types.js';
import type { DiskPlan } from './writer/disk-plan.js';

/**
 * What proves the packages of a planned disk while its bytes are written. Found as `verify` finds them on the finished one.
 * SourceError where a package is wrong already.
 */
export async function packagesOnTheWay(plan: DiskPlan): Promise<Proofs> {
  const { partition, volume } = await openVolume(await openDisk(plannedDisk(plan)));
  const { placed, broken } = await packagesOnDisk(volume, partition);
  for (const one of broken) if ('error' in one) throw one.error;
  return new Proofs(placed, { whole: true, size: plan.size });
}

/** What was proved of each package, by its path. Throws what is wrong with the first that is not as it was. */
export async function outcomesOf(packages: Proofs, work: Work): Promise<Record<string, string>> {
  const proved: Record<string, string> = {};
  for (const outcome of await packages.finish(work.signal)) {
    if ('error' in outcome) throw outcome.error;
    proved[outcome.name] = `proved: ${outcome.proved}`;
  }
  const count = Object.keys(proved).length;
  if (count > 0) work.note(`${count} ${count === 1 ? 'package matches its' : 'packages match their'} checksums`);
  return proved;
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
