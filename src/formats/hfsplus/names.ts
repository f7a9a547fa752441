import { caseFold } from './case-fold.js';
import { decompose } from './decompose.js';

/** Compares two things of one kind: negative, 0, positive. */
export type Compare<T> = (a: T, b: T) => number;

/** The order of names on HFS+ and on HFSX with keyCompareType 0xCF (FastUnicodeCompare of Apple's hfs). */
export function compareCaseInsensitive(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    let left = 0;
    let right = 0;
    while (left === 0 && i < a.length) left = caseFold[a.charCodeAt(i++)]!;
    while (right === 0 && j < b.length) right = caseFold[b.charCodeAt(j++)]!;
    if (left !== right) return left < right ? -1 : 1;
    if (left === 0) return 0;
  }
}

/** The order of names on HFSX with keyCompareType 0xBC, and of attribute names: by UTF-16 unit, shorter first. */
export function compareBinary(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The name HFS+ stores for a POSIX name: `:` becomes `/`, composed letters are taken apart. */
export function storedName(posix: string): string {
  return decompose(posix).replaceAll(':', '/');
}

/** The POSIX name of a stored one: `/` becomes `:`. */
export function posixName(stored: string): string {
  return stored.replaceAll('/', ':');
}

/** A path as stored, from a POSIX one typed by a person: `/`-separated, empty and `.` parts left out. */
export function storedPath(posix: string): string[] {
  return posix
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map(storedName);
}
