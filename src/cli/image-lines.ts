import type * as Osx from '../index.js';
import { showBytes } from './view/format.js';

/** What was done to an image, for people. */
export function imageLines(osx: typeof Osx, image: string, edit: Osx.IsoEdit): string[] {
  const where = edit.partition === 0 ? '' : `, partition ${edit.partition}`;
  const head = `${image} (${edit.format}${where}): volume "${edit.volume}"`;
  if (edit.changes.length === 0) return [head, '  it is so already: nothing was written'];
  const lines = edit.changes.flatMap(({ what, path, note, bytes }) => [
    `  ${what.padEnd(8)}/${path.join('/')}${note === undefined ? '' : `  (${note})`}`,
    ...(!edit.written && bytes && what !== 'keep' ? osx.indented(Buffer.from(bytes).toString('latin1')) : []),
  ]);
  const size = showBytes(edit.bytes);
  return [
    head,
    ...lines,
    edit.written ? `  ${size} written, and read back` : `  ${size} would be written; nothing was`,
    ...(edit.described ?? []).map((path) => `  its new checksum is in ${path}`),
  ];
}
