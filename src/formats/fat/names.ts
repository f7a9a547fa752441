import { StepError } from '../../errors.js';
import { showName } from '../entry.js';

/** UTF-16 units of a long name. */
export const LONGEST_NAME = 255;
/** Bytes of a short name: 8 of the name, 3 of what follows the dot, filled with spaces. */
export const SHORT_LENGTH = 11;

/** Characters that a short name may have besides letters and digits (fatgen103), of those in ASCII. */
const SHORT_SPECIAL = "$%'-_@~`!(){}^#&";
const SHORT_CHARACTER = /^[A-Z0-9$%'\-_@~`!(){}^#&]$/;
/** Characters that no name may have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what no name may have
const FORBIDDEN = /["*/:<>?\\|\u0000-\u001f\u007f]/;

/** Why FAT cannot hold a name; undefined where it can. */
export function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is no name';
  if (name.length > LONGEST_NAME) return `has ${name.length} characters, where FAT holds ${LONGEST_NAME}`;
  const [bad] = FORBIDDEN.exec(name) ?? [];
  if (bad !== undefined) return `has ${JSON.stringify(bad)} in it, which FAT does not hold`;
  if (/[. ]$/.test(name)) return 'ends with a dot or a space, which FAT drops';
  if (!isWellFormed(name)) return 'has half a character in it';
  return undefined;
}

function isWellFormed(name: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name);
}

/** What two names of one folder are compared by: case does not count. */
export function foldName(name: string): string {
  const units = name.split('').map((unit) => {
    const upper = unit.toUpperCase();
    return upper.length === 1 ? upper : unit;
  });
  return units.join('');
}

/** A name as an entry has it: always an alias of 8.3, and a long name where the alias alone does not say all. */
export interface NamedEntry {
  readonly name: string;
  /** 11 characters: "BOOTX64 EFI". */
  readonly short: string;
  readonly needsLong: boolean;
}

/**
 * The aliases of all names of a folder, in their order. StepError for two names that FAT takes for one. A name that is one of 8.3 but
 * for its case keeps it as its alias; the others get `~1`, `~2`, … in the order of the names (fatgen103's basis-name generation).
 */
export function shortNames(names: readonly string[], folder: string): NamedEntry[] {
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = foldName(name);
    const other = seen.get(folded);
    if (other !== undefined) {
      throw new StepError(
        `${folder}: "${showName(other)}" and "${showName(name)}" are one name on a FAT volume, where case does not count.`,
        { hint: 'Rename one of them.' },
      );
    }
    seen.set(folded, name);
  }
  const basis = new Map(names.map((name) => [name, basisName(name)]));
  const taken = new Set<string>();
  for (const { short, lossy } of basis.values()) if (!lossy) taken.add(short);
  const next = new Map<string, number>();
  return names.map((name) => {
    const { short, lossy } = basis.get(name)!;
    if (!lossy) return { name, short, needsLong: shown(short) !== name };
    // Aliases with equal six letters are numbered together: no number is tried twice.
    const group = short.slice(0, 6) + short.slice(8);
    for (let n = next.get(group) ?? 1; ; n++) {
      const tail = `~${n}`;
      const stem = short
        .slice(0, 8)
        .trimEnd()
        .slice(0, 8 - tail.length);
      const alias = `${stem}${tail}`.padEnd(8) + short.slice(8);
      if (taken.has(alias)) continue;
      taken.add(alias);
      next.set(group, n + 1);
      return { name, short: alias, needsLong: true };
    }
  });
}

/** fatgen103, "The Basis-Name Generation Algorithm". `lossy`: it is not the name itself in capitals. */
function basisName(name: string): { short: string; lossy: boolean } {
  const upper = foldName(name);
  const stripped = upper.replace(/ /g, '').replace(/^\.+/, '');
  let lossy = stripped !== upper;
  const dot = stripped.lastIndexOf('.');
  const [stem, ending] = dot < 0 ? [stripped, ''] : [stripped.slice(0, dot), stripped.slice(dot + 1)];
  const part = (text: string, length: number) => {
    const plain = text.replace(/\./g, '');
    if (plain !== text || plain.length > length) lossy = true;
    const characters = Array.from(plain, (character) => {
      if (SHORT_CHARACTER.test(character)) return character;
      lossy = true;
      return '_';
    });
    return characters.join('').slice(0, length).padEnd(length);
  };
  return { short: part(stem, 8) + part(ending, 3), lossy };
}

/** A short name as people write it: "BOOTX64.EFI". */
export function shown(short: string): string {
  const stem = short.slice(0, 8).trimEnd();
  const ending = short.slice(8).trimEnd();
  return ending === '' ? stem : `${stem}.${ending}`;
}

/** A volume's label: 11 characters that every reader takes. StepError for others. */
export function checkLabel(label: string): void {
  if (label.length >= 1 && label.length <= SHORT_LENGTH && label === label.trim()) {
    if ([...label].every((c) => c === ' ' || SHORT_CHARACTER.test(c))) return;
  }
  throw new StepError(`"${showName(label)}" cannot be a FAT volume's label.`, {
    hint: `1 to ${SHORT_LENGTH} characters: capitals, digits, ${SHORT_SPECIAL}`,
  });
}

/** What each part of a long name repeats of the short one it belongs to (fatgen103's ChkSum). */
export function shortChecksum(short: Uint8Array): number {
  let sum = 0;
  for (const byte of short) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}
