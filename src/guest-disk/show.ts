import { showPath } from '../formats/entry.js';
import type { ChameleonKey } from '../plist/chameleon/boot-plist.js';
import type { ImageEdit } from './edit-image.js';
import type { MountedChange } from './mounted.js';

/** An edit as plain values: paths as texts, no bytes. */
export function plainEdit<Edit extends ImageEdit>(edit: Edit) {
  const changes = edit.changes.map(({ what, path, note }) => ({ what, path: showPath(path), ...(note && { note }) }));
  return { ...edit, changes };
}

/** What was done on a mounted volume, for people. */
export function mountedLines(volume: string, changes: readonly MountedChange[], dryRun: boolean): string[] {
  if (changes.length === 0) return [volume, '  it is so already: nothing was written'];
  const lines = changes.flatMap(({ what, path, text }) => [
    `  ${what.padEnd(8)}${path}`,
    ...(dryRun && text !== undefined ? indented(text) : []),
  ]);
  return [volume, ...lines, ...(dryRun ? ['  nothing was written'] : [])];
}

/** A file's text below the line that names it. */
export function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `          ${line}`);
}

/** The values a key takes, in a few words. */
export function valuesOf({ value }: ChameleonKey): string {
  switch (value.kind) {
    case 'boolean':
      return 'Yes, No';
    case 'number':
      return `${value.min}…${value.max}`;
    case 'choice':
      return value.values.join(', ');
    case 'mode':
      return 'WxHxD';
    case 'hex':
      return 'hexadecimal';
    case 'path':
    case 'string':
      return value.kind === 'path' ? 'path' : 'text';
    default:
      return value satisfies never;
  }
}
