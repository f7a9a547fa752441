import { MAX_PLIST_DEPTH } from './limits.js';
import type { PlistPlaces } from './places.js';
import type { PlistValue } from './values.js';
import { type XmlToken, XmlTokens } from './xml-tokens.js';

/** A dict or array that is being read. */
type Open =
  | { readonly name: 'array'; readonly at: number; readonly values: PlistValue[] }
  | {
      readonly name: 'dict';
      readonly at: number;
      readonly values: { [key: string]: PlistValue };
      key: string | undefined;
      keyAt: number;
    };

/**
 * Reads an XML property list (PropertyList-1.0.dtd) from its text, once and front to back: a document of nodes would take a hundred
 * times its memory. As strict as Apple's own reader: a leaf holds text alone, a dict keys and values by turns. FormatError for anything
 * else, and for more values or levels than any real list has. `places` is told where each value is.
 */
export function readXmlPlist(text: string, name: string, places?: PlistPlaces): PlistValue {
  return new Reader(new XmlTokens(text, name), places).read();
}

class Reader {
  readonly #tokens: XmlTokens;
  /** From the outermost container to the one that is being filled. */
  readonly #open: Open[] = [];
  readonly #places: PlistPlaces | undefined;
  /** Where the value that was read last began. */
  #began = 0;

  constructor(tokens: XmlTokens, places: PlistPlaces | undefined) {
    this.#tokens = tokens;
    this.#places = places;
  }

  read(): PlistValue {
    const root = this.#tag();
    if (root?.kind === 'close' || root?.name !== 'plist') {
      throw this.#tokens.fault(root?.at ?? 0, 'a <plist> element', root ? `<${root.name}>` : 'nothing');
    }
    const first = root.kind === 'empty' ? undefined : this.#tag();
    if (!first || first.kind === 'close') throw this.#tokens.fault(root.at, 'one value inside <plist>', '0');
    const value = this.#value(first);
    const end = this.#tag();
    if (end?.kind !== 'close' || end.name !== 'plist') {
      throw this.#tokens.fault(
        end?.at ?? 0,
        'one value inside <plist>',
        end ? `another tag, ${end.name}` : 'no end of it',
      );
    }
    const behind = this.#tag();
    if (behind) throw this.#tokens.fault(behind.at, 'nothing behind </plist>', `<${behind.name}>`);
    return value;
  }

  /** The next tag, blanks before it passed over. */
  #tag() {
    for (let token = this.#tokens.next(); token; token = this.#tokens.next()) {
      if (token.kind !== 'text') return token;
      if (token.text.trim() !== '') {
        const inside = this.#open.at(-1)?.name;
        const expected = inside === undefined ? 'elements only' : `elements only in <${inside}>`;
        throw this.#tokens.fault(token.at, expected, JSON.stringify(token.text.trim().slice(0, 40)));
      }
    }
    return undefined;
  }

  /** The value that begins with this tag, and everything in it; without recursion. */
  #value(tag: Exclude<XmlToken, { kind: 'text' }>): PlistValue {
    let value = this.#begin(tag);
    for (;;) {
      const inside = this.#open.at(-1);
      if (value !== undefined) {
        this.#place(inside);
        if (!inside) return value;
        if (inside.name === 'array') inside.values.push(value);
        else {
          inside.values[inside.key!] = value;
          inside.key = undefined;
        }
      }
      value = this.#continue(this.#open.at(-1)!);
    }
  }

  /** Says where the value is that was read just now. */
  #place(inside: Open | undefined): void {
    const places = this.#places;
    if (!places) return;
    const place = { at: this.#began, end: this.#tokens.at };
    places.depth = Math.max(places.depth, this.#open.length + 1);
    if (!inside) places.root = place;
    else if (inside.name === 'array') places.put(inside.values, inside.values.length, place);
    else places.put(inside.values, inside.key!, { ...place, keyAt: inside.keyAt });
  }

  /** A leaf's value; undefined where a container begins. */
  #begin({ kind, name, at }: Exclude<XmlToken, { kind: 'text' }>): PlistValue | undefined {
    this.#began = at;
    if (name === 'dict' || name === 'array') {
      if (kind === 'empty') return name === 'array' ? [] : {};
      if (this.#open.length >= MAX_PLIST_DEPTH) {
        throw this.#tokens.fault(at, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting');
      }
      this.#open.push(name === 'array' ? { name, at, values: [] } : { name, at, values: {}, key: undefined, keyAt: 0 });
      return undefined;
    }
    const text = kind === 'empty' ? '' : this.#text(name, at);
    const bad = (expected: string) => this.#tokens.fault(at, expected, JSON.stringify(text.trim().slice(0, 40)));
    switch (name) {
      case 'string':
        return text;
      case 'true':
      case 'false':
        if (text.trim() !== '') throw bad(`nothing in <${name}>`);
        return name === 'true';
      case 'integer':
        if (!/^\s*[+-]?\d+\s*$/.test(text)) throw bad('a decimal number in <integer>');
        return Number.parseInt(text, 10);
      case 'real':
        if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text)) throw bad('a number in <real>');
        return Number.parseFloat(text);
      case 'date':
        if (Number.isNaN(Date.parse(text))) throw bad('a date in <date>');
        return new Date(text);
      case 'data':
        return decodeBase64(text) ?? fail(bad('base64 in <data>'));
      default:
        throw this.#tokens.fault(at, 'a value', `<${name.slice(0, 40)}>`);
    }
  }

  /** What comes next in a container: a value, undefined where one begins that holds more, or the container itself at its end. */
  #continue(inside: Open): PlistValue | undefined {
    const tag = this.#tag();
    if (!tag) throw this.#tokens.fault(inside.at, `an end of <${inside.name}>`, 'the end of the text');
    if (tag.kind === 'close') {
      if (tag.name !== inside.name) throw this.#tokens.fault(tag.at, `</${inside.name}>`, `</${tag.name}>`);
      if (inside.name === 'dict' && inside.key !== undefined) {
        throw this.#tokens.fault(tag.at, `a value of "${inside.key.slice(0, 40)}"`, 'none');
      }
      this.#open.pop();
      this.#began = inside.at;
      return inside.values;
    }
    if (inside.name === 'array' || inside.key !== undefined) return this.#begin(tag);
    if (tag.name !== 'key') throw this.#tokens.fault(tag.at, 'a <key> in <dict>', `<${tag.name}>`);
    const key = tag.kind === 'empty' ? '' : this.#text('key', tag.at);
    if (key === '__proto__') throw this.#tokens.fault(tag.at, 'an ordinary key', key);
    inside.key = key;
    inside.keyAt = tag.at;
    return undefined;
  }

  /** The text of an element up to its end. */
  #text(name: string, at: number): string {
    const parts: string[] = [];
    for (let token = this.#tokens.next(); token; token = this.#tokens.next()) {
      if (token.kind === 'text') parts.push(token.text);
      else if (token.kind === 'close' && token.name === name) return parts.length === 1 ? parts[0]! : parts.join('');
      else throw this.#tokens.fault(token.at, `text and </${name}>`, `<${token.name}>`);
    }
    throw this.#tokens.fault(at, `an end of <${name}>`, 'the end of the text');
  }
}

/** Undefined for anything that is no base64; blanks are none of it. Bytes of their own: a small Buffer is a part of a larger one. */
function decodeBase64(text: string): Uint8Array | undefined {
  let letters = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20) continue;
    if (code === 0x3d) padding++;
    else if (padding === 0 && isLetter(code)) letters++;
    else return undefined;
  }
  const whole = padding === 0 ? letters % 4 !== 1 : padding <= 2 && (letters + padding) % 4 === 0;
  return whole ? Uint8Array.from(Buffer.from(text, 'base64')) : undefined;
}

/** One of A to Z, a to z, 0 to 9, + and /. */
function isLetter(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  return letter || (code >= 0x2f && code <= 0x39) || code === 0x2b;
}

function fail(error: Error): never {
  throw error;
}
