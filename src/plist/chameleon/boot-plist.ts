import { UsageError } from '../../errors.js';
import { nearestName } from '../nearest.js';
import { buildPlist } from '../plist.js';
import { yesOrNo } from '../words.js';
import { CHAMELEON_KEYS, type ChameleonKey } from './keys.js';

export { CHAMELEON_KEYS, type ChameleonKey, type UnderQemu, type ValueKind } from './keys.js';

/** The only name under which every loader finds the file, on case-sensitive volumes too. */
export const BOOT_PLIST_NAME = 'org.chameleon.Boot.plist';
/** Where it lies on a volume. */
export const BOOT_PLIST_FOLDER = 'Extra';
/** Bytes: old loaders have a buffer of 4096 with a NUL at its end. */
export const BOOT_PLIST_LIMIT = 4096;
/** Depths the loader knows; 256, 555 and 888 are other words for 8, 16 and 32. */
export const DEPTHS: readonly number[] = [8, 15, 16, 24, 32, 256, 555, 888];
/** What a mode without a depth is meant to have. */
export const DEFAULT_DEPTH = 32;
/** Wider or higher is a mistake. */
const MAX_SIDE = 65_535;

/** Keys and values as the loader will have them, in the order of the file. */
export type Settings = Readonly<Record<string, string>>;

export interface SettingOptions {
  /** A key that is not in the table is written as it stands. */
  readonly allowUnknown?: boolean;
}

const BY_NAME = new Map(CHAMELEON_KEYS.map((key) => [key.name, key]));

/** The key of exactly this name. */
export function chameleonKey(name: string): ChameleonKey | undefined {
  return BY_NAME.get(name);
}

/** The known key that a misspelt one most likely stands for. */
export function nearestKey(name: string): ChameleonKey | undefined {
  const nearest = nearestName(BY_NAME.keys(), name);
  return nearest === undefined ? undefined : BY_NAME.get(nearest);
}

/** Why this text cannot be a key or a value: the loader's reader would see something else. Undefined where all is well. */
export function textFault(text: string): string | undefined {
  const markup = /[&<>]/.exec(text)?.[0];
  if (markup) return `the loader's reader knows no way to write "${markup}": it does not decode entities`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'control characters cannot be written';
  if (/[^\u0020-\u007e]/.test(text)) return 'the loader reads ASCII only';
  if (text !== text.trim()) return 'the loader keeps blanks at the ends, so it would be another text';
  return undefined;
}

/** Why the loader would not take this value as it is meant. Undefined where all is well. */
export function valueFault(key: ChameleonKey, value: string): string | undefined {
  const kind = key.value;
  switch (kind.kind) {
    case 'boolean':
      return value === 'Yes' || value === 'No' ? undefined : 'expected Yes or No';
    case 'number': {
      if (key.name === 'Timeout' && /^(0+|-\d+)$/.test(value)) {
        return value.startsWith('-')
          ? 'a negative one starts at once, without a prompt; expected 1 or more'
          : 'with 0 the loader waits for ever; expected 1 or more';
      }
      const found = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
      if (found >= kind.min && found <= kind.max) return undefined;
      return `expected a decimal number from ${kind.min} to ${kind.max}`;
    }
    case 'hex':
      return /^(0x)?[0-9a-f]{1,8}$/i.test(value) ? undefined : 'expected a hexadecimal number';
    case 'mode':
      return modeFault(value);
    case 'choice':
      return kind.values.includes(value) ? undefined : `expected ${kind.values.join(' or ')}`;
    case 'path':
      return value === '' ? 'expected a path' : undefined;
    case 'string':
      return undefined;
    default:
      return kind satisfies never;
  }
}

/**
 * Width, height and depth as the loader has them: the first three numbers, whatever stands between and around them, so that
 * `1366x768x32@60`, `"1920x1200x32"` and `800,600,32` are modes, too (measured with Enoch r2839; code: boot2/graphics.c).
 */
export function modeNumbers(value: string): number[] {
  return (value.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}

function modeFault(value: string): string | undefined {
  const [width, height, depth] = modeNumbers(value);
  if (width === undefined || height === undefined) return 'expected WIDTHxHEIGHTxDEPTH, as 1280x1024x32';
  if (depth === undefined)
    return `without a depth the loader takes 1024x768x32; expected ${width}x${height}x${DEFAULT_DEPTH}`;
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
    return 'expected a width and a height of a screen';
  return DEPTHS.includes(depth) ? undefined : 'expected a depth of 8, 15, 16, 24 or 32';
}

/** Throws UsageError unless the loader will have exactly this key and value, and knows the key. */
export function checkSetting(name: string, value: string, options: SettingOptions = {}): void {
  const shown = JSON.stringify(name);
  if (name === '') throw new UsageError('A setting needs a key: KEY=VALUE.');
  const known = BY_NAME.get(name);
  if (!known && options.allowUnknown !== true) {
    const nearest = nearestKey(name);
    throw new UsageError(
      `Chameleon knows no key ${shown}${nearest ? `; the nearest is "${nearest.write ?? nearest.name}"` : ''}.`,
      '`osx-iso plist keys` lists them; --allow-unknown writes it all the same.',
    );
  }
  if (known?.write !== undefined && options.allowUnknown !== true) {
    throw new UsageError(`The loader does not look up ${shown}: write "${known.write}".`);
  }
  const fault =
    textFault(name) ?? textFault(value) ?? (known && known.write === undefined ? valueFault(known, value) : undefined);
  if (fault !== undefined) throw new UsageError(`${name}=${value}: ${fault}.`);
}

/** Reads `KEY=VALUE` and checks it. The first `=` ends the key. "yes", "NO", "1280X1024X32" become the loader's spelling. */
export function parseSetting(text: string, options: SettingOptions = {}): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 0) throw new UsageError(`"${text}": expected KEY=VALUE, as "Graphics Mode=1280x1024x32".`);
  const name = text.slice(0, at);
  const value = spelled(BY_NAME.get(name), text.slice(at + 1));
  checkSetting(name, value, options);
  return [name, value];
}

/** The value in the form that every loader takes, where there is no doubt what is meant. */
export function spelled(key: ChameleonKey | undefined, value: string): string {
  if (key?.value.kind === 'boolean') {
    const yes = yesOrNo(value);
    if (yes !== undefined) return yes ? 'Yes' : 'No';
  }
  if (key?.value.kind === 'mode') return value.toLowerCase();
  return value;
}

/** Settings over others: a key that is there keeps its place, a new one comes last, `without` are left out. */
export function mergeSettings(base: Settings, over: Settings, without: readonly string[] = []): Settings {
  const merged = new Map([...Object.entries(base), ...Object.entries(over)]);
  for (const name of without) merged.delete(name);
  return fromEntries(merged);
}

/** Settings of pairs; safe for every key, "__proto__" too. */
export function fromEntries(pairs: Iterable<readonly [string, string]>): Settings {
  return Object.fromEntries(pairs);
}

/**
 * The file's text: what it says is what every known loader reads. UsageError for settings of which that is not so, for a missing
 * Timeout, and where the text reaches 4096 bytes.
 */
export function buildBootPlist(settings: Settings, options: SettingOptions = {}): string {
  for (const [name, value] of Object.entries(settings)) checkSetting(name, value, options);
  if (!Object.hasOwn(settings, 'Timeout')) {
    throw new UsageError('A plist without Timeout makes the loader wait for ever.', 'Add --set Timeout=5');
  }
  const text = buildPlist(settings);
  if (text.length >= BOOT_PLIST_LIMIT) {
    throw new UsageError(
      `The plist would have ${text.length} bytes; old loaders read less than ${BOOT_PLIST_LIMIT}.`,
      'Leave some keys out.',
    );
  }
  return text;
}
