import type { Command } from 'commander';
import type { Start } from '../session.js';

/** `osx-iso plist keys`, as typed. */
export interface PlistKeysOptions {
  /** Only keys that have this in their name or description. */
  readonly word?: string;
}

export function registerPlistKeys(plist: Command, start: Start): void {
  plist
    .command('keys')
    .summary('list the keys the boot loader knows')
    .description('Lists every key: type, values, default, what it does, and whether it matters in a virtual machine.')
    .argument('[word]', 'only keys with this word')
    .action((word: string | undefined) =>
      start((api, context) => api.plistKeys({ ...(word !== undefined && { word }) }, context)),
    );
}
