import { UserError } from '../errors.js';
import { type DiskPackages, packagesOnDisk } from '../formats/disk-packages.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { HfsPartition } from '../formats/partition-map/index.js';
import type { Outcome } from '../formats/proofs.js';
import type { VerifyOptions } from './options.js';
import type { Checks } from './report.js';

const NAME = 'package checksums';

/** What is said of bytes that nobody reads once more. */
export const ON_THE_WAY = 'compared while the ISO was written';

/** What proves the packages of a disk; or why none is. */
export interface PackageProofs extends DiskPackages {
  readonly leftOut?: 'quick' | 'proved';
}

/** Finds the packages that are to be proved: none where that is not wanted. */
export async function packageProofs(
  volume: HfsVolume,
  partition: HfsPartition,
  { packages = 'prove', provedOnTheWay = false }: VerifyOptions,
): Promise<PackageProofs> {
  if (provedOnTheWay) return { placed: [], broken: [], leftOut: 'proved' };
  if (packages === 'quick') return { placed: [], broken: [], leftOut: 'quick' };
  return packagesOnDisk(volume, partition);
}

/** Says what came of the proofs: one line for what is right, one for each package that is not. */
export function checkPackageProofs(
  { broken, leftOut, placed }: PackageProofs,
  outcomes: readonly Outcome[],
  checks: Checks,
): void {
  if (leftOut === 'quick') checks.pass(NAME, 'not compared: left out by --quick');
  if (leftOut === 'proved') checks.pass(NAME, ON_THE_WAY);
  if (leftOut) return;
  const failed = [...broken, ...outcomes].filter((one) => 'error' in one);
  for (const one of failed) checkOutcome(NAME, one, checks);
  if (failed.length > 0) return;
  if (placed.length === 0) checks.pass(NAME, 'none to compare: no flat package is on the disk');
  else checks.pass(NAME, `all of ${placed.length} ${placed.length === 1 ? 'package' : 'packages'} match theirs`);
}

/** One proof as one check. What is no fault of the disk is thrown on. */
export function checkOutcome(name: string, outcome: Outcome, checks: Checks): void {
  if (!('error' in outcome)) {
    checks.pass(name, `${outcome.name}: ${outcome.proved}`);
    return;
  }
  const { error } = outcome;
  if (!(error instanceof UserError)) throw error;
  checks.fail(name, error.message.includes(outcome.name) ? error.message : `${outcome.name}: ${error.message}`);
}
