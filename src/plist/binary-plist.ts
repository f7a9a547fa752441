import { FormatError } from '../errors.js';
import { MAX_PLIST_DEPTH, MAX_PLIST_VALUES } from './limits.js';
import type { PlistValue } from './values.js';

/** Milliseconds from 1970 to 2001, where a binary list's dates begin. */
const EPOCH_2001 = 978_307_200_000;

/** Whether these bytes claim to be a binary property list. */
export function isBinaryPlist(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 6)) === 'bplist';
}

/**
 * Reads a binary property list (CFBinaryPList.c, big-endian). FormatError unless it is sound: every object inside the file, no object
 * inside itself, and not more values than fit. Each object is read once, however many refer to it: values share what they share in
 * the file. Data are views of `bytes`.
 *
 * Header: 0 `bplist00`. Trailer, the last 32 bytes: 0 five unused, 5 sort version, 6 u8 offset size, 7 u8 reference size,
 * 8 u64 objects, 16 u64 top object, 24 u64 position of the offset table.
 */
export function readBinaryPlist(bytes: Uint8Array, name: string): PlistValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (offset: number, expected: string, found: string): never => {
    throw new FormatError({ file: name, structure: 'binary property list', offset, expected, found });
  };
  const number = (at: number, size: number): number => {
    if (at < 0 || at + size > bytes.length) fail(at, `${size} bytes inside the file`, `${bytes.length} bytes`);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + bytes[at + i]!;
    return value;
  };

  if (String.fromCharCode(...bytes.subarray(0, 8)) !== 'bplist00') fail(0, '"bplist00"', 'another version');
  if (bytes.length < 41) fail(0, 'at least 41 bytes', `${bytes.length}`);
  const trailer = bytes.length - 32;
  const offsetSize = bytes[trailer + 6]!;
  const refSize = bytes[trailer + 7]!;
  const objects = number(trailer + 8, 8);
  const top = number(trailer + 16, 8);
  const table = number(trailer + 24, 8);
  for (const size of [offsetSize, refSize]) {
    if (![1, 2, 4, 8].includes(size)) fail(trailer + 6, 'a size of 1, 2, 4 or 8', `${size}`);
  }
  if (objects < 1 || table < 8 || table + objects * offsetSize > trailer) {
    fail(trailer + 8, 'an offset table inside the file', `${objects} objects at ${table}`);
  }
  if (top >= objects) fail(trailer + 16, `a top object below ${objects}`, `${top}`);

  const offsetOf = (object: number) => number(table + object * offsetSize, offsetSize);

  /** What an object is, and its references. Checks that its body is inside the object area. */
  const open = (object: number) => {
    const at = offsetOf(object);
    if (at < 8 || at >= table) fail(table + object * offsetSize, `an object in [8, ${table})`, `${at}`);
    const marker = bytes[at]!;
    const type = marker >> 4;
    let size = marker & 15;
    let body = at + 1;
    if (type >= 4 && type !== 8 && size === 15) {
      const width = bytes[body]!;
      if (width >> 4 !== 1 || (width & 15) > 3) fail(body, 'an integer as length', `marker ${width}`);
      size = number(body + 1, 1 << (width & 15));
      body += 1 + (1 << (width & 15));
    }
    let length = 0;
    let refs = 0;
    switch (type) {
      case 0:
        if (![0, 8, 9].includes(marker)) fail(at, 'null, false or true', `marker ${marker}`);
        break;
      case 1:
        // 16-byte integers (above 2^63) are refused: the library would read them as something else.
        if (size > 3) fail(at, 'an integer of at most 8 bytes', `${2 ** size} bytes`);
        length = 1 << size;
        break;
      case 2:
        if (size !== 2 && size !== 3) fail(at, 'a real of 4 or 8 bytes', `${2 ** size} bytes`);
        length = 1 << size;
        break;
      case 3:
        if (size !== 3) fail(at, 'a date of 8 bytes', `${2 ** size} bytes`);
        length = 8;
        if (at + 9 <= table && !(Math.abs(view.getFloat64(at + 1)) < 1e11)) fail(at, 'a date', 'no date');
        break;
      case 4:
      case 5:
        length = size;
        break;
      case 6:
        length = size * 2;
        break;
      case 8:
        if (![0, 1, 3, 7].includes(size)) fail(at, 'a UID of 1, 2, 4 or 8 bytes', `${size + 1} bytes`);
        length = size + 1;
        break;
      case 10:
      case 13:
        refs = type === 13 ? size * 2 : size;
        length = refs * refSize;
        break;
      default:
        fail(at, 'a known object type', `marker ${marker}`);
    }
    if (!(body + length <= table)) fail(at, `an object that ends before ${table}`, `one of ${length} bytes`);
    return { at, type, marker, body, size, length, refs };
  };

  /** The objects done: their values, how many values and levels those are. */
  const done = new Map<number, Done>();
  const inside = new Set<number>();
  const visit = (object: number, depth: number): Done => {
    const known = done.get(object);
    if (known !== undefined) return known;
    const opened = open(object);
    const { at, type, body, size, refs } = opened;
    if (inside.has(object)) fail(at, 'objects that do not contain themselves', 'a cycle');
    inside.add(object);
    if (depth > MAX_PLIST_DEPTH) fail(at, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting');
    let values = 1;
    let levels = 1;
    const children: PlistValue[] = [];
    for (let i = 0; i < refs; i++) {
      const ref = number(body + i * refSize, refSize);
      if (ref >= objects) fail(body + i * refSize, `a reference below ${objects}`, `${ref}`);
      if (type === 13 && i < size) checkKey(ref);
      const child = visit(ref, depth + 1);
      children.push(child.value);
      values += child.values;
      levels = Math.max(levels, child.levels + 1);
      if (values > MAX_PLIST_VALUES) fail(at, `at most ${MAX_PLIST_VALUES} values`, 'more');
      if (levels > MAX_PLIST_DEPTH) fail(at, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting');
    }
    inside.delete(object);
    const result = { values, levels, value: refs > 0 ? contained(type, children) : leaf(opened) };
    done.set(object, result);
    return result;
  };
  const contained = (type: number, children: readonly PlistValue[]): PlistValue => {
    if (type === 10) return children;
    const half = children.length / 2;
    return Object.fromEntries(children.slice(0, half).map((key, i) => [key as string, children[half + i]!]));
  };
  const leaf = ({ type, marker, body, size, length }: ReturnType<typeof open>): PlistValue => {
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + body, length);
    switch (type) {
      case 0:
        return marker === 0 ? null : marker === 9;
      case 1:
        // Of eight bytes it has a sign.
        return length < 8 ? number(body, length) : Number(view.getBigInt64(body));
      case 2:
        return length === 4 ? view.getFloat32(body) : view.getFloat64(body);
      case 3:
        return new Date(view.getFloat64(body) * 1000 + EPOCH_2001);
      case 4:
        return bytes.subarray(body, body + size);
      case 5:
        return part.toString('latin1');
      case 6:
        return Buffer.from(part).swap16().toString('utf16le');
      case 8:
        return { UID: number(body, length) };
      default:
        return type === 10 ? [] : {};
    }
  };
  const checkKey = (object: number) => {
    const { at, type, body, size } = open(object);
    if (type !== 5 && type !== 6) fail(at, 'a string as key', `an object of type ${type}`);
    if (type === 5 && size === 9 && String.fromCharCode(...bytes.subarray(body, body + 9)) === '__proto__') {
      fail(at, 'an ordinary key', '__proto__');
    }
  };
  return visit(top, 0).value;
}

interface Done {
  readonly value: PlistValue;
  readonly values: number;
  readonly levels: number;
}
