import { viewOf } from '../bytes.js';
import { hfsDate } from '../entry.js';
import { ENTRY_SIZE } from './geometry.js';
import { type NamedEntry, SHORT_LENGTH, shortChecksum } from './names.js';

/** Bits of an entry's attributes. */
export const Attribute = { readOnly: 0x01, label: 0x08, folder: 0x10, longName: 0x0f } as const;

/** What stands in a name's first byte: no entry here and none behind it; a deleted one; a 0xE5 that is meant. */
export const First = { end: 0x00, deleted: 0xe5, escaped: 0x05 } as const;

/** UTF-16 units in one part of a long name, and where they are. */
const UNITS_AT = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;
export const UNITS_IN_PART = UNITS_AT.length;
const LAST_PART = 0x40;
/** Set in NTRes: the name, its ending are in small letters. */
const SMALL_STEM = 0x08;
const SMALL_ENDING = 0x10;

/** One entry with a short name. */
export interface ShortEntry {
  /** 11 bytes as stored. */
  readonly short: Uint8Array;
  readonly attributes: number;
  /** Of the NT bits. */
  readonly small: { readonly stem: boolean; readonly ending: boolean };
  readonly cluster: number;
  /** Bytes; of a folder 0. */
  readonly size: number;
  /** FAT's words, see `fatDate`. */
  readonly created: FatDate;
  readonly modified: FatDate;
}

/** A date as FAT has it: two words. */
export interface FatDate {
  readonly date: number;
  readonly time: number;
}

/** Unix seconds as FAT stores them, without a time zone: UTC. From 1980 to 2107, in steps of two seconds. */
export function fatDate(unixSeconds: number): FatDate {
  const at = new Date(Math.min(Math.max(unixSeconds, 315_532_800), 4_354_819_198) * 1000);
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}

/** The HFS+ date of one of FAT's; 0 for none. */
export function hfsDateOf({ date, time }: FatDate): number {
  if (date === 0) return 0;
  const at = Date.UTC(
    1980 + (date >> 9),
    ((date >> 5) & 15) - 1,
    date & 31,
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  );
  return hfsDate(at / 1000);
}

/**
 * An entry, 32 bytes, little-endian: 0 name, 11 u8 attributes, 12 u8 NTRes, 13 u8 tenths of a second created, 14 u16 time, 16 u16 date
 * created, 18 u16 date last opened, 20 u16 high half of the first cluster, 22 u16 time, 24 u16 date modified, 26 u16 low half, 28 u32
 * bytes.
 */
export function encodeShortEntry(entry: {
  readonly short: string;
  readonly attributes: number;
  readonly cluster: number;
  readonly size: number;
  readonly dated: FatDate;
}): Uint8Array {
  const { short, attributes, cluster, size, dated } = entry;
  const bytes = new Uint8Array(ENTRY_SIZE);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(short, 'latin1'));
  view.setUint8(11, attributes);
  view.setUint16(14, dated.time, true);
  view.setUint16(16, dated.date, true);
  view.setUint16(18, dated.date, true);
  view.setUint16(20, cluster >>> 16, true);
  view.setUint16(22, dated.time, true);
  view.setUint16(24, dated.date, true);
  view.setUint16(26, cluster & 0xffff, true);
  view.setUint32(28, size, true);
  return bytes;
}

export function decodeShortEntry(bytes: Uint8Array): ShortEntry {
  const view = viewOf(bytes);
  const u16 = (at: number) => view.getUint16(at, true);
  const bits = view.getUint8(12);
  return {
    short: bytes.subarray(0, SHORT_LENGTH),
    attributes: view.getUint8(11),
    small: { stem: (bits & SMALL_STEM) !== 0, ending: (bits & SMALL_ENDING) !== 0 },
    cluster: u16(20) * 0x1_0000 + u16(26),
    size: view.getUint32(28, true),
    created: { date: u16(16), time: u16(14) },
    modified: { date: u16(24), time: u16(22) },
  };
}

/** How many entries a name takes. */
export function entriesOf({ name, needsLong }: NamedEntry): number {
  return 1 + (needsLong ? Math.ceil(name.length / UNITS_IN_PART) : 0);
}

/**
 * The parts of a long name, last part first, as they stand in front of the short one: 0 u8 number from 1 (0x40: the last), 1 five
 * units, 11 u8 attributes 0x0F, 12 u8 0, 13 u8 checksum of the short name, 14 six units, 26 u16 0, 28 two units. Behind the name one 0,
 * then 0xFFFF.
 */
export function encodeLongName(name: string, short: string): Uint8Array[] {
  const checksum = shortChecksum(Buffer.from(short, 'latin1'));
  const count = Math.ceil(name.length / UNITS_IN_PART);
  return Array.from({ length: count }, (_, i) => {
    const number = count - i;
    const bytes = new Uint8Array(ENTRY_SIZE);
    const view = viewOf(bytes);
    view.setUint8(0, number | (i === 0 ? LAST_PART : 0));
    view.setUint8(11, Attribute.longName);
    view.setUint8(13, checksum);
    UNITS_AT.forEach((at, j) => {
      const unit = (number - 1) * UNITS_IN_PART + j;
      view.setUint16(at, unit < name.length ? name.charCodeAt(unit) : unit === name.length ? 0 : 0xffff, true);
    });
    return bytes;
  });
}

/**
 * Gathers the parts of a long name as they come by. Parts that do not belong together or to the short name behind them are left over by
 * programs that do not know them: then the short name counts (fatgen103).
 */
export class LongName {
  #expected = 0;
  #checksum = 0;
  #parts: string[] = [];

  /** The entry is a part of a long name. */
  add(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    const first = view.getUint8(0);
    const number = first & 0x3f;
    const checksum = view.getUint8(13);
    if ((first & LAST_PART) !== 0) {
      this.#parts = [];
      this.#expected = number;
      this.#checksum = checksum;
    } else if (number !== this.#expected || checksum !== this.#checksum) {
      this.clear();
      return;
    }
    this.#parts.unshift(String.fromCharCode(...UNITS_AT.map((at) => view.getUint16(at, true))));
    this.#expected = number - 1;
  }

  clear(): void {
    this.#parts = [];
    this.#expected = 0;
  }

  /** The name that belongs to a short one, where there is one; nothing is kept of it. */
  take(short: Uint8Array): string | undefined {
    const text = this.#parts.join('');
    const whole = text !== '' && this.#expected === 0 && this.#checksum === shortChecksum(short);
    this.clear();
    const name = text.split('\0', 1)[0]!;
    return whole && name !== '' ? name : undefined;
  }
}
