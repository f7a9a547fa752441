import type { PlistValue } from '../plist.js';
import { yesOrNo } from '../words.js';
import { type Key, type Numbers, WIDTHS } from './key.js';

/** Why OpenCore would not take a value of the right type as it is meant; undefined where all is well. */
export function valueFault(key: Key, value: PlistValue): string | undefined {
  if (key.type === 'text' && typeof value === 'string') return textFault(key, value);
  if (key.type === 'integer' && typeof value === 'number') {
    const [least, most] = WIDTHS[key.width];
    if (value < least || value > most)
      return `it has room for ${least < -1 ? least : 0} to ${most}: the rest is cut off`;
    return key.only && numberFault(key.only, value);
  }
  if ((key.type === 'data' || key.type === 'any') && key.bytes !== undefined && value instanceof Uint8Array) {
    const { length } = value;
    if (length > key.bytes) return `it has room for ${key.bytes} bytes, and these are ${length}: it takes none of them`;
  }
  return undefined;
}

function textFault({ only }: Extract<Key, { type: 'text' }>, value: string): string | undefined {
  if (!only) return undefined;
  if ('pattern' in only) return only.pattern.test(value) ? undefined : `expected ${only.expected}`;
  return only.includes(value) ? undefined : `expected ${oneOf(only)}`;
}

function numberFault(only: Numbers, value: number): string | undefined {
  if ('min' in only) {
    return value >= only.min && value <= only.max ? undefined : `expected ${only.min} to ${only.max}`;
  }
  const unknown = BigInt(value) & ~BigInt(only.bits);
  return unknown === 0n || value < 0 ? undefined : `bits 0x${unknown.toString(16)} mean nothing to it`;
}

/** "A, B or C" */
export function oneOf(values: readonly string[]): string {
  const shown = values.map((value) => (value === '' ? 'nothing' : value));
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`;
}

/** Why OpenCore would read another text than this one: its reader knows no entities, and drops blanks at the ends (code: OcXmlLib). */
export function writtenFault(value: string): string | undefined {
  const markup = /[&<>]/.exec(value)?.[0];
  if (markup) return `OpenCore's reader knows no way to write "${markup}": it does not decode entities`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(value)) return 'control characters cannot be written';
  return value === value.trim() ? undefined : "OpenCore's reader drops the blanks at the ends";
}

/**
 * What is meant by a text, as somebody types it or put it into an element of another type: yes and no, decimal and hexadecimal
 * numbers, bytes as <0a 0b> or base64. Undefined where nobody can say.
 */
export function typedValue(key: Key, text: string): PlistValue | undefined {
  switch (key.type) {
    case 'flag':
      return yesOrNo(text.trim());
    case 'text':
      return typeof key.only === 'object' && Array.isArray(key.only) ? spelledAs(key.only, text) : text;
    case 'integer':
      return numberOf(text.trim());
    case 'data':
      return bytesOf(text.trim());
    case 'any':
      return text.startsWith('<') ? bytesOf(text.trim()) : text;
    case 'dict':
    case 'map':
    case 'list':
      return undefined;
    default:
      return key satisfies never;
  }
}

function spelledAs(values: readonly string[], text: string): string {
  const same = values.filter((value) => value.toLowerCase() === text.trim().toLowerCase());
  return same.length === 1 ? same[0]! : text;
}

function numberOf(text: string): number | undefined {
  const value = /^[+-]?\d{1,20}$/.test(text) || /^0x[0-9a-f]{1,16}$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function bytesOf(text: string): Uint8Array | undefined {
  const hex = /^<?((?:[0-9a-f]{2}\s?)*)>$/i.exec(text)?.[1];
  if (hex !== undefined) return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Uint8Array.from(Buffer.from(text, 'base64'))
    : undefined;
}
