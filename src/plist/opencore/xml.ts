import { asArray, asDict, type PlistValue } from '../plist.js';

/** A value's elements as Apple's tools write them; the lines behind the first begin with `indent`. */
export function xmlOf(value: PlistValue, indent: string): string {
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>';
  if (typeof value === 'number') return `<integer>${value}</integer>`;
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`;
  if (value instanceof Uint8Array) return `<data>${Buffer.from(value).toString('base64')}</data>`;
  const inner = `${indent}\t`;
  const lines = asArray(value)
    ? asArray(value)!.map((entry) => xmlOf(entry, inner))
    : Object.entries(asDict(value) ?? {}).flatMap(([key, entry]) => [keyOf(key), xmlOf(entry, inner)]);
  const name = asArray(value) ? 'array' : 'dict';
  if (lines.length === 0) return `<${name}/>`;
  return `<${name}>\n${lines.map((line) => `${inner}${line}\n`).join('')}${indent}</${name}>`;
}

/** `<key>Misc</key>` */
export function keyOf(name: string): string {
  return `<key>${escaped(name)}</key>`;
}

/** OpenCore decodes nothing, so what can stay as it is does: `>` is text to every reader of XML. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
