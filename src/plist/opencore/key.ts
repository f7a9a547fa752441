import type { PlistValue } from '../plist.js';

/** Widths of OpenCore's integers: what does not fit is cut off. */
export type Width = 'u8' | 'u16' | 'u32' | 'u64' | 'i8' | 'i64';

/** What a value in config.plist must be. */
export type Key =
  | (Marks & { readonly type: 'dict'; readonly keys: Readonly<Record<string, Key>> })
  /** A dict whose keys are free, or of one form. */
  | (Marks & { readonly type: 'map'; readonly of: Key; readonly names?: Form })
  | (Marks & { readonly type: 'list'; readonly of: Key })
  | (Marks & { readonly type: 'flag'; readonly failsafe: boolean })
  | (Marks & { readonly type: 'text'; readonly failsafe: string; readonly only?: readonly string[] | Form })
  | (Marks & { readonly type: 'integer'; readonly failsafe: number; readonly width: Width; readonly only?: Numbers })
  /** `bytes`: as many have room. */
  | (Marks & { readonly type: 'data'; readonly bytes?: number })
  /** Data, a text, a number or a boolean; its bytes are what is stored. */
  | (Marks & { readonly type: 'any'; readonly bytes?: number });

interface Marks {
  /** The first version of OpenCore that knows it, where that is later than 0.7.3. */
  readonly since?: string;
  /** It may be left out. */
  readonly optional?: true;
}

/** A form that a text must have, and how that is said. */
export interface Form {
  readonly pattern: RegExp;
  readonly expected: string;
}

/** Which numbers make sense. `bits`: those that are known. */
export type Numbers = { readonly min: number; readonly max: number } | { readonly bits: number };

/** The smallest and the largest number of each width. -1 is how all bits are written (code: PlistIntegerValue). */
export const WIDTHS: Readonly<Record<Width, readonly [least: number, most: number]>> = {
  u8: [-1, 0xff],
  u16: [-1, 0xffff],
  u32: [-1, 0xffff_ffff],
  u64: [-1, 2 ** 64],
  i8: [-128, 127],
  i64: [-(2 ** 63), 2 ** 63],
};

export const dict = (keys: Readonly<Record<string, Key>>): Key => ({ type: 'dict', keys });
export const map = (of: Key, names?: Form): Key => ({ type: 'map', of, ...(names && { names }) });
export const list = (of: Key): Key => ({ type: 'list', of });
export const flag = (failsafe = false): Key => ({ type: 'flag', failsafe });
export const text = (failsafe = '', only?: readonly string[] | Form): Key => ({
  type: 'text',
  failsafe,
  ...(only && { only }),
});
export const integer = (width: Width, failsafe = 0, only?: Numbers): Key => ({
  type: 'integer',
  failsafe,
  width,
  ...(only && { only }),
});
export const data = (bytes?: number): Key => ({ type: 'data', ...(bytes !== undefined && { bytes }) });
export const any = (bytes?: number): Key => ({ type: 'any', ...(bytes !== undefined && { bytes }) });
export const since = (version: string, key: Key): Key => ({ ...key, since: version });
export const optional = (key: Key): Key => ({ ...key, optional: true });

/** What OpenCore takes where a key is missing; undefined for what has keys of its own. */
export function failsafeOf(key: Key): PlistValue | undefined {
  switch (key.type) {
    case 'flag':
    case 'text':
    case 'integer':
      return key.failsafe;
    case 'list':
      return [];
    case 'data':
    case 'any':
      return new Uint8Array(0);
    case 'map':
      return {};
    case 'dict':
      return undefined;
    default:
      return key satisfies never;
  }
}

/** The element of a type, as a file has it. */
export const ELEMENT: Readonly<Record<Key['type'], string>> = {
  dict: '<dict>',
  map: '<dict>',
  list: '<array>',
  flag: '<true/> or <false/>',
  text: '<string>',
  integer: '<integer>',
  data: '<data>',
  any: '<data>, <string>, <integer>, <true/> or <false/>',
};
