import { DOMParser, type Node } from '@xmldom/xmldom';
import { build, parseBinary, parse as parseXml } from 'plist';
import { FormatError } from '../errors.js';
import { checkBinaryPlist, isBinaryPlist, MAX_PLIST_DEPTH } from './binary-plist.js';

/** A property list as plain values. Binary lists can hold a UID, which appears as `{ UID: number }`. */
export type PlistValue =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue };

/** A property list's dictionary. */
export type PlistDict = { readonly [key: string]: PlistValue };

/** Bytes; the largest property list that is read. An image of 1 TB needs about 50 MB. */
export const MAX_PLIST_BYTES = 64 << 20;

/**
 * Reads a property list, XML (UTF-8 or UTF-16, a byte order mark is tolerated) or binary. Throws FormatError for anything else.
 * `name` is what errors call it.
 */
export function parsePlist(bytes: Uint8Array, name: string): PlistValue {
  if (bytes.length > MAX_PLIST_BYTES) {
    throw fault(name, `at most ${MAX_PLIST_BYTES} bytes`, `${bytes.length} bytes`);
  }
  if (isBinaryPlist(bytes)) {
    // A copy of its own: the library makes views of the underlying buffer, which may hold foreign bytes.
    const copy = Uint8Array.from(bytes);
    checkBinaryPlist(copy, name);
    return guarded(name, () => parseBinary(copy) as PlistValue);
  }
  const text = decodeText(bytes, name);
  checkDepth(text, name);
  checkXml(text, name);
  return guarded(name, () => parseXml(text) as PlistValue);
}

/**
 * Writes a property list as XML, the way Apple's tools do: tabs, and an empty string as `<string></string>`, because readers
 * like Chameleon's ignore `<string/>`.
 */
export function buildPlist(value: PlistValue): string {
  // The library's own type has mutable arrays; it changes nothing.
  const xml = build(value as Parameters<typeof build>[0], { pretty: true, indent: '\t' });
  // `<` never occurs inside text or data: it is always escaped there.
  return `${xml.replaceAll(/<(string|key|data)\/>/g, '<$1></$1>')}\n`;
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

function fault(name: string, expected: string, found: string, offset = 0): FormatError {
  return new FormatError({ file: name, structure: 'property list', offset, expected, found });
}

/** Makes whatever the library throws (Error, RangeError, DOMException) a FormatError. */
function guarded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw fault(name, 'a valid property list', firstLine(error));
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]!.slice(0, 200) || 'something else';
}

function decodeText(bytes: Uint8Array, name: string): string {
  const encoding =
    bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  // The decoder drops a byte order mark by itself. Trailing NULs: some writers pad.
  let text = guarded(name, () => new TextDecoder(encoding, { fatal: true }).decode(bytes));
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  text = text.slice(0, end);
  const start = text.slice(0, 4096).trimStart();
  if (!start.startsWith('<')) {
    const found = start === '' ? 'nothing' : JSON.stringify(start.slice(0, 24));
    throw fault(name, 'an XML or binary property list', found);
  }
  return text;
}

/** Nesting is limited before anything that recurses sees the text. Linear in its length. */
function checkDepth(text: string, name: string): void {
  let depth = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at + 1)) {
    const close = text.startsWith('<!--', at) ? '-->' : text.startsWith('<![CDATA[', at) ? ']]>' : '>';
    const end = text.indexOf(close, at);
    if (end === -1) throw fault(name, `"${close}"`, 'the end of the text', at);
    const next = text[at + 1]!;
    if (next === '/') depth--;
    else if (next !== '!' && next !== '?' && text[end - 1] !== '/' && ++depth > MAX_PLIST_DEPTH) {
      throw fault(name, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting', at);
    }
    at = end;
  }
}

/**
 * Parses once with an error handler that throws: the library uses the parser's default one, which prints on the console and
 * carries on. Also checks what the library would silently make something else of.
 */
function checkXml(text: string, name: string): void {
  const parser = new DOMParser({
    onError: (_level, message) => {
      throw fault(name, 'well-formed XML', firstLine(message));
    },
  });
  const root = guarded(name, () => parser.parseFromString(text, 'text/xml')).documentElement;
  if (root?.nodeName !== 'plist') {
    throw fault(name, 'a <plist> element', root === null ? 'nothing' : `<${root.nodeName}>`);
  }
  let values = 0;
  for (let node = root.firstChild; node; node = node.nextSibling) if (node.nodeType === 1) values++;
  if (values !== 1) throw fault(name, 'one value inside <plist>', String(values));
  // Depth was limited above, so recursion is fine.
  const visit = (node: Node): void => {
    checkElement(node, name);
    for (let child = node.firstChild; child; child = child.nextSibling) if (child.nodeType === 1) visit(child);
  };
  visit(root);
}

function checkElement(node: Node, name: string): void {
  const content = () => node.textContent ?? '';
  const bad = (expected: string) => {
    throw fault(name, expected, JSON.stringify(content().trim().slice(0, 40)));
  };
  switch (node.nodeName) {
    case 'integer':
      if (!/^\s*[+-]?\d+\s*$/.test(content())) bad('a decimal number in <integer>');
      break;
    case 'real':
      if (Number.isNaN(Number.parseFloat(content()))) bad('a number in <real>');
      break;
    case 'date':
      if (Number.isNaN(Date.parse(content()))) bad('a date in <date>');
      break;
    case 'data':
      if (!/^[A-Za-z0-9+/]*=*$/.test(content().replaceAll(/\s+/g, ''))) bad('base64 in <data>');
      break;
    case 'plist':
    case 'dict':
    case 'array':
      for (let child = node.firstChild; child; child = child.nextSibling) {
        if (child.nodeType === 3 && child.nodeValue?.trim()) bad(`elements only in <${node.nodeName}>`);
      }
      break;
    default:
  }
}
