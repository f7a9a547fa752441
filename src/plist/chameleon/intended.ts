import { asDict, type PlistValue, parsePlist } from '../plist.js';

/** A key and its value as whoever wrote the file meant them; `kind` is the element's name. */
export interface IntendedPair {
  readonly key: string;
  readonly kind: string;
  readonly text: string;
}

/** Bytes of the largest file that is looked at; the loader itself reads at most 40 KB. */
export const MAX_BOOT_PLIST = 1 << 20;

/** The same, for who reads one whole (formats/whole.ts). */
export const BOOT_PLIST_FILE = { what: 'property list of a boot loader', most: MAX_BOOT_PLIST } as const;

/** A name ends where its letters do: tried at every shorter length, a tag without an end would cost the square of its length. */
const TOKENS =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[(?<cdata>[\s\S]*?)(?:\]\]>|$)|<\?[\s\S]*?(?:\?>|$)|<![^<>]*>|<(?<close>\/?)(?<name>[A-Za-z]+)(?![A-Za-z])[^<>]*?(?<empty>\/?)>|(?<text>[^<]+)|</g;
const CONTAINERS = ['dict', 'array'];
const LEAVES = ['key', 'string', 'integer', 'real', 'date', 'data'];

/**
 * What a file means to a person: comments are comments, entities are decoded, a fragment without <plist> or <dict> is read all the
 * same. For telling what the loader misses and for mending it; never throws for broken XML. FormatError for a broken binary plist.
 */
export function readIntended(bytes: Uint8Array, name: string, stray: Stray = () => {}): IntendedPair[] {
  if (isForeign(bytes)) {
    const dict = asDict(parsePlist(bytes, name)) ?? {};
    return Object.entries(dict).map(([key, value]) => ({ key, ...plain(value) }));
  }
  return scan(new TextDecoder().decode(bytes), stray);
}

/** A binary plist, or UTF-16: nothing the loader could read a tag in. */
export function isForeign(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length)).toString('latin1');
  return head.startsWith('bplist') || /^(\xff\xfe|\xfe\xff)/.test(head);
}

/** Told of a key without a value, and of a value without a key. */
export type Stray = (what: { readonly key: string } | Pick<IntendedPair, 'kind' | 'text'>) => void;

function scan(text: string, stray: Stray): IntendedPair[] {
  const pairs: IntendedPair[] = [];
  let depth = 0;
  let key: string | undefined;
  let leaf: { name: string; text: string } | undefined;
  const value = (kind: string, content: string) => {
    if (key !== undefined && depth <= 1) pairs.push({ key, kind, text: content });
    else if (depth <= 1) stray({ kind, text: content });
    if (depth <= 1) key = undefined;
  };
  for (const { groups = {} } of text.matchAll(TOKENS)) {
    const { cdata, close, name, empty, text: run } = groups;
    if (cdata !== undefined || run !== undefined) {
      if (leaf) leaf.text += cdata ?? decoded(run!);
      continue;
    }
    if (name === undefined) continue;
    if (close) {
      if (leaf?.name === name) {
        if (name !== 'key') value(name, leaf.text);
        else if (depth <= 1) {
          if (key !== undefined) stray({ key });
          key = leaf.text;
        }
        leaf = undefined;
      } else if (CONTAINERS.includes(name)) depth = Math.max(0, depth - 1);
    } else if (leaf) {
      // Markup inside a text: left out.
    } else if (CONTAINERS.includes(name)) {
      if (depth > 0 || key !== undefined) value(name, '');
      if (!empty) depth++;
    } else if (empty) value(name, '');
    else if (LEAVES.includes(name)) leaf = { name, text: '' };
  }
  if (key !== undefined) stray({ key });
  return pairs;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name: string) => {
    if (name !== undefined) return (Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function plain(value: PlistValue): { kind: string; text: string } {
  if (typeof value === 'string') return { kind: 'string', text: value };
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'integer' : 'real', text: String(value) };
  if (typeof value === 'boolean') return { kind: String(value), text: '' };
  return { kind: Array.isArray(value) ? 'array' : 'dict', text: '' };
}
