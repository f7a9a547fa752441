import { availableParallelism, totalmem } from 'node:os';
import type { Profile } from './profiles.js';

/** What a guest's memory and processors come from. */
export interface HostSize {
  /** MiB. */
  readonly memory: number;
  readonly processors: number;
}

/** This computer's; in a container what it may use of it. */
export function hostSize(): HostSize {
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return { memory: Math.floor(bytes / 2 ** 20), processors: availableParallelism() };
}

/** MiB and processors above which these releases gain nothing (inferred: their own Macs had as much); the rest stays the host's. */
const MOST_MEMORY = 8192;
const MOST_PROCESSORS = 8;

/**
 * Half of the host's, in powers of two, as OS X wants its processors (reported): never less than the release needs where the host has
 * as much, never more than the host has. `floor` is what a medium asks for besides, MiB.
 */
export function shareOf(host: HostSize, profile: Profile, floor = 0): HostSize {
  const memory = between(Math.max(profile.memory, floor), powerOfTwo(host.memory / 2), MOST_MEMORY);
  const processors = between(profile.processors, powerOfTwo(host.processors / 2), MOST_PROCESSORS);
  return {
    memory: memory <= host.memory ? memory : powerOfTwo(host.memory),
    processors: processors <= host.processors ? processors : powerOfTwo(host.processors),
  };
}

/** What was chosen, in a line; undefined where the user chose both. */
export function shareNote(
  chosen: HostSize,
  given: { readonly memory?: number | undefined; readonly processors?: number | undefined },
  host: HostSize,
): string | undefined {
  if (given.memory !== undefined && given.processors !== undefined) return undefined;
  const count = (processors: number) => `${processors} processor${processors === 1 ? '' : 's'}`;
  return `The guest gets ${chosen.memory} MiB of memory and ${count(chosen.processors)}; this computer has ${host.memory} MiB and ${count(host.processors)} (--memory, --smp).`;
}

function between(least: number, wanted: number, most: number): number {
  return Math.max(least, Math.min(wanted, most));
}

/** The largest that is not larger; 1 at least. */
function powerOfTwo(number: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, number))));
}
