import { quoteFile, quoteForSh } from '../host/quote.js';
import { type Starter, startersOf } from '../known/loaders.js';
import { releaseOf } from '../releases.js';
import type { Guest } from './guest.js';

/** A command in parts between which its line may be broken. Names in capital letters are the user's to fill in. */
export type CommandParts = readonly string[];

const LOADERS: Readonly<Record<Starter, string>> = {
  chameleon: '--chameleon FILE',
  enoch: '--chameleon FILE',
  opencore: '--opencore ZIP',
};
const KEY = '--osk-file FILE';

/** What to type when an ISO is made: a guest for it. `ownLoader`: UEFI starts the ISO by itself. */
export function createCommand(iso: string, version: string, { ownLoader = false } = {}): CommandParts {
  const name = (releaseOf(version)?.name ?? 'guest').toLowerCase().replaceAll(' ', '-');
  const loader = ownLoader ? [] : [loaderOption(version)];
  return [`osx-iso guest create ${quoteForSh(name)}`, `--iso ${quoteFile(iso)}`, ...loader, KEY];
}

/** What to type when a guest is made: its start, with what it cannot do without and does not have yet. */
export function bootCommand(name: string, { release, loader, keyFile, smc }: Guest): CommandParts {
  const missing = [
    ...(loader === undefined ? [loaderOption(release)] : []),
    ...(keyFile === undefined && smc !== false ? [KEY] : []),
  ];
  return [`osx-iso boot ${quoteFile(name)}`, ...missing, ...(missing.length > 0 ? ['--save'] : [])];
}

function loaderOption(version: string): string {
  return LOADERS[startersOf(version)[0] ?? 'opencore'];
}
