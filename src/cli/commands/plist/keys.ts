import type { Command } from 'commander';
import type * as Osx from '../../../index.js';
import type { Context, Start } from '../../context.js';
import { examples } from '../../help.js';

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
    .addHelpText('after', examples(['osx-iso plist keys graphics']))
    .action((word: string | undefined) => start('plistKeys', plistKeys, { ...(word !== undefined && { word }) }));
}

/** `osx-iso plist keys`: the table. */
export async function plistKeys(osx: typeof Osx, { word }: PlistKeysOptions, context: Context): Promise<void> {
  const wanted = word?.toLowerCase();
  const keys = osx.CHAMELEON_KEYS.filter(
    ({ name, does }) => wanted === undefined || `${name} ${does}`.toLowerCase().includes(wanted),
  );
  if (keys.length === 0) {
    const nearest = osx.nearestKey(word ?? '');
    throw new osx.UsageError(`No key has "${word}" in it${nearest ? `; the nearest is "${nearest.name}"` : ''}.`);
  }
  const rows = keys.map((key) => [key.name, osx.valuesOf(key), key.default ?? '', key.qemu, key.loader]);
  const head = ['key', 'values', 'default', 'under QEMU', 'read by'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const row = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(widths[i]!)).join('  ');
  const lines = rows.flatMap((cells, i) => {
    const { does, since, write } = keys[i]!;
    const more = `${does}${since === undefined ? '' : ` From ${since} on.`}${write === undefined ? '' : ` Write ${write}.`}`;
    return [row(cells).trimEnd(), `    ${more}`];
  });
  context.print([row(head).trimEnd(), ...lines].join('\n'), { type: 'plist-keys', keys });
}
