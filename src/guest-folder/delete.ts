import { lstat, readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Scope } from '../core/scope.js';
import { StepError } from '../errors.js';
import { hostCode, hostError } from '../host/faults.js';
import { claimRun } from '../launch/run-state.js';
import { OWN_VARIABLES } from './create.js';
import { GUEST_FILE } from './guest.js';
import { liesInside } from './paths.js';
import type { GuestFolder } from './read.js';

/** What deleting a guest removes, and what stays: names in its folder. */
export interface Deletion {
  readonly removed: readonly { readonly name: string /** Bytes on the host's disk. */; readonly size: number }[];
  /** Not made by us: the folder stays, too, where there is any. */
  readonly kept: readonly string[];
}

/** What this process has itself while it deletes, and gives back; and what runs have left. */
const OWN_RUN = ['run.json', '.run.json.lock'];
const OF_RUNS = [...OWN_RUN, 'boot.log'];

/** What `deleteGuest` would do. */
export async function planDeletion({ path, guest }: GuestFolder): Promise<Deletion> {
  const made = guest.disks.filter(({ file, made: ours = false }) => ours && liesInside(path, file));
  const own = new Set([
    ...made.map(({ file }) => resolve(path, file)),
    ...[OWN_VARIABLES, ...OF_RUNS].map((name) => join(path, name)),
    join(path, GUEST_FILE),
  ]);
  const removed: Deletion['removed'][number][] = [];
  const kept: string[] = [];
  for (const name of (await readdir(path)).sort()) {
    const found = await lstat(join(path, name));
    if (!own.has(join(path, name)) || found.isDirectory()) kept.push(name);
    else removed.push({ name, size: found.blocks * 512 });
  }
  return { removed, kept };
}

/**
 * Removes a guest: what was made with it and by it, and its folder where nothing else is in that. Never anything outside. UsageError,
 * with the process id, while it runs.
 */
export async function deleteGuest(folder: GuestFolder, scope: Scope): Promise<Deletion> {
  const { path } = folder;
  const own = await claimRun(path, scope, { ports: { forwards: [] } });
  let plan: Deletion;
  try {
    plan = await planDeletion(folder);
    // The description last: what is there until then is still a guest, and can be deleted again.
    const names = plan.removed.map(({ name }) => name).filter((name) => name !== GUEST_FILE && !OWN_RUN.includes(name));
    for (const name of [...names, GUEST_FILE]) await rm(join(path, name), { force: true });
  } catch (error) {
    throw hostError(error, path, StepError);
  } finally {
    await own.spend();
  }
  // The folder itself, where its name is a link.
  await rmdir(await realpath(path)).catch((error: unknown) => {
    if (hostCode(error) !== 'ENOTEMPTY') throw hostError(error, path, StepError);
  });
  return plan;
}
