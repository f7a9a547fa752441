import { FormatError } from '../errors.js';

/** The deepest nesting that is read, XML or binary; real lists stay below 20. */
export const MAX_PLIST_DEPTH = 128;

/** Values a binary list may stand for once its shared objects are written out; keeps a small file from becoming a huge tree. */
const MAX_VALUES = 4_000_000;

/** Whether these bytes claim to be a binary property list. */
export function isBinaryPlist(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 6)) === 'bplist';
}

/**
 * Throws FormatError unless a binary property list (CFBinaryPList.c, big-endian) is sound: every object inside the file, no
 * object inside itself, and not more values than fit. The library that reads it checks none of this.
 *
 * Header: 0 `bplist00`. Trailer, the last 32 bytes: 0 five unused, 5 sort version, 6 u8 offset size, 7 u8 reference size,
 * 8 u64 objects, 16 u64 top object, 24 u64 position of the offset table.
 */
export function checkBinaryPlist(bytes: Uint8Array, name: string): void {
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
    return { at, type, body, size, refs };
  };

  /** What is known of the objects done: how many values they stand for, how many levels they have. */
  const done = new Map<number, { values: number; levels: number }>();
  const inside = new Set<number>();
  const visit = (object: number, depth: number): { values: number; levels: number } => {
    const known = done.get(object);
    if (known !== undefined) return known;
    const { at, type, body, size, refs } = open(object);
    if (inside.has(object)) fail(at, 'objects that do not contain themselves', 'a cycle');
    inside.add(object);
    let values = 1;
    let levels = 1;
    if (depth > MAX_PLIST_DEPTH) fail(at, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting');
    for (let i = 0; i < refs; i++) {
      const ref = number(body + i * refSize, refSize);
      if (ref >= objects) fail(body + i * refSize, `a reference below ${objects}`, `${ref}`);
      if (type === 13 && i < size) checkKey(ref);
      const child = visit(ref, depth + 1);
      values += child.values;
      levels = Math.max(levels, child.levels + 1);
      if (values > MAX_VALUES) fail(at, `at most ${MAX_VALUES} values`, 'more');
      if (levels > MAX_PLIST_DEPTH) fail(at, `at most ${MAX_PLIST_DEPTH} levels`, 'deeper nesting');
    }
    inside.delete(object);
    const result = { values, levels };
    done.set(object, result);
    return result;
  };
  const checkKey = (object: number) => {
    const { at, type, body, size } = open(object);
    if (type !== 5 && type !== 6) fail(at, 'a string as key', `an object of type ${type}`);
    if (type === 5 && size === 9 && String.fromCharCode(...bytes.subarray(body, body + 9)) === '__proto__') {
      fail(at, 'an ordinary key', '__proto__');
    }
  };
  visit(top, 0);
}
