import { build } from 'plist';
import { isBinaryPlist, readBinaryPlist } from './binary-plist.js';
import { plistFault } from './limits.js';
import type { PlistDict, PlistValue } from './values.js';
import { readXmlPlist } from './xml-plist.js';

export type { PlistDict, PlistValue } from './values.js';

/** Bytes; the largest property list that is read. An image of 1 TB needs about 50 MB. */
export const MAX_PLIST_BYTES = 64 << 20;

/**
 * Reads a property list, XML (UTF-8 or UTF-16, a byte order mark is tolerated) or binary. Throws FormatError for anything else.
 * `name` is what errors call it.
 */
export function parsePlist(bytes: Uint8Array, name: string): PlistValue {
  if (bytes.length > MAX_PLIST_BYTES) {
    throw plistFault(name, `at most ${MAX_PLIST_BYTES} bytes`, `${bytes.length} bytes`);
  }
  // A copy of its own: data in it are views, and may be kept longer than the bytes that are given.
  if (isBinaryPlist(bytes)) return readBinaryPlist(Uint8Array.from(bytes), name);
  return readXmlPlist(plistText(bytes, name), name);
}

/**
 * Writes a property list as XML, the way Apple's tools do: tabs, and an empty string as `<string></string>`, because readers
 * like Chameleon's ignore `<string/>`. FormatError for what XML cannot hold and a binary list may have: some characters, null, numbers
 * without end.
 */
export function buildPlist(value: PlistValue): string {
  expectWritable(value);
  const xml = built(value);
  // `<` never occurs inside text or data: it is always escaped there.
  return `${xml.replaceAll(/<(string|key|data)\/>/g, '<$1></$1>')}\n`;
}

/** The library leaves null out, and writes such numbers as no reader takes them. */
function expectWritable(value: PlistValue): void {
  if (value === null) throw plistFault('value', 'one that XML can hold', 'null');
  if (typeof value === 'number' && !(Math.abs(value) < 1e21)) {
    throw plistFault('value', 'a number below 1e21', String(value));
  }
  for (const inner of asArray(value) ?? Object.values(asDict(value) ?? {})) expectWritable(inner);
}

function built(value: PlistValue): string {
  try {
    // The library's own type has mutable arrays; it changes nothing.
    return build(value as Parameters<typeof build>[0], { pretty: true, indent: '\t' });
  } catch (error) {
    if (!(error as Error).message.startsWith('Invalid character')) throw error;
    throw plistFault('text', 'characters that XML can hold', 'one that it cannot');
  }
}

/** The value as a dictionary, undefined where it is anything else. */
export function asDict(value: PlistValue | undefined): PlistDict | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) || value instanceof Date || value instanceof Uint8Array) return undefined;
  return value as PlistDict;
}

/** The value as an array, undefined where it is anything else. */
export function asArray(value: PlistValue | undefined): readonly PlistValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The value at a path of keys (dictionaries) and indexes (arrays), undefined where there is none. */
export function plistGet(value: PlistValue | undefined, ...path: readonly (string | number)[]): PlistValue | undefined {
  let here = value;
  for (const step of path) {
    if (typeof step === 'number') {
      here = asArray(here)?.[step];
    } else {
      const dict = asDict(here);
      here = dict !== undefined && Object.hasOwn(dict, step) ? dict[step] : undefined;
    }
  }
  return here;
}

/** The string at a path, undefined where there is none. */
export function plistString(value: PlistValue | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = plistGet(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The data at a path, undefined where there is none. */
export function plistData(
  value: PlistValue | undefined,
  ...path: readonly (string | number)[]
): Uint8Array | undefined {
  const found = plistGet(value, ...path);
  return found instanceof Uint8Array ? found : undefined;
}

/** The encoding of a property list that is text, by its byte order mark. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16be' | 'utf-16le' {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
}

/** The text of a property list that is none of the binary ones. FormatError where it begins like none. */
export function plistText(bytes: Uint8Array, name: string): string {
  const encoding = encodingOf(bytes);
  // The decoder drops a byte order mark by itself. Trailing NULs: some writers pad.
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw plistFault(name, `text in ${encoding.toUpperCase()}`, 'other bytes');
  }
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  text = text.slice(0, end);
  const start = text.slice(0, 4096).trimStart();
  if (!start.startsWith('<')) {
    const found = start === '' ? 'nothing' : JSON.stringify(start.slice(0, 24));
    throw plistFault(name, 'an XML or binary property list', found);
  }
  return text;
}
