import { UsageError } from '../../errors.js';
import {
  buildBootPlist,
  chameleonKey,
  DEFAULT_DEPTH,
  fromEntries,
  modeNumbers,
  nearestKey,
  type Settings,
  spelled,
  textFault,
  valueFault,
} from './boot-plist.js';
import { type IntendedPair, readIntended } from './intended.js';

/** A corrected file, and what was corrected, as sentences. */
export interface FixedPlist {
  readonly text: string;
  readonly settings: Settings;
  readonly changes: readonly string[];
}

/** Seconds that stand in for a missing Timeout. */
const TIMEOUT = '5';

/**
 * Writes down what a file means in the form every loader reads. UsageError, with every reason, where something in it cannot be
 * written so or nobody can say what it means.
 */
export function fixBootPlist(bytes: Uint8Array, name: string): FixedPlist {
  const changes: string[] = [];
  const refused: string[] = [];
  const settings = new Map<string, string>();
  const pairs = readIntended(bytes, name, (stray) =>
    changes.push(
      'key' in stray
        ? `"${stray.key}" is left out: there is no value behind it`
        : `<${stray.kind}>${stray.text.trim()} is left out: there is no key before it`,
    ),
  );
  for (const pair of pairs) {
    const key = keyOf(pair.key, changes);
    const value = textOf(pair, key, changes);
    if (value === undefined) continue;
    const known = chameleonKey(key);
    const fault = textFault(key) ?? textFault(value) ?? (known && valueFault(known, value));
    if (key === '' || fault !== undefined) refused.push(`"${key}" = ${JSON.stringify(value)}: ${fault ?? 'no key'}`);
    const earlier = settings.get(key);
    if (earlier !== undefined) {
      changes.push(
        `"${key}" = ${JSON.stringify(earlier)} is left out: it is there more than once, the last one is kept`,
      );
    }
    settings.set(key, value);
  }
  if (refused.length > 0) {
    throw new UsageError(`${name} cannot be corrected by itself: ${refused.join('; ')}.`, 'Correct these by hand.');
  }
  if (!settings.has('Timeout')) {
    changes.push(`Timeout is ${TIMEOUT}: there was none`);
    settings.set('Timeout', TIMEOUT);
  }
  const all = fromEntries(settings);
  return { text: buildBootPlist(all, { allowUnknown: true }), settings: all, changes };
}

function keyOf(written: string, changes: string[]): string {
  const trimmed = written.trim();
  const known = chameleonKey(trimmed) ?? nearestKey(trimmed);
  const key = known?.write ?? known?.name ?? trimmed;
  if (key !== written) changes.push(`"${written}" is written "${key}"`);
  return key;
}

/** Undefined for what the loader has no use for. */
function textOf({ kind, text }: IntendedPair, key: string, changes: string[]): string | undefined {
  const known = chameleonKey(key);
  const trimmed = text.trim();
  const change = (value: string, why: string) => {
    changes.push(`"${key}" is ${value}: ${why}`);
    return value;
  };
  switch (kind) {
    case 'true':
    case 'false':
      return change(kind === 'true' ? 'Yes' : 'No', `it was <${kind}/>`);
    case 'string':
    case 'integer':
    case 'real':
      break;
    default:
      changes.push(`"${key}" is left out: the loader reads no <${kind}>`);
      return undefined;
  }
  if (known?.name === 'Timeout' && /^(-\d+|0*)$/.test(trimmed)) return change(TIMEOUT, `it was "${trimmed}"`);
  if (known?.value.kind === 'mode') {
    const numbers = modeNumbers(trimmed);
    if (numbers.length === 2) return change([...numbers, DEFAULT_DEPTH].join('x'), 'it had no depth');
  }
  if (known?.value.kind === 'number' && /^0x[0-9a-f]{1,8}$/i.test(trimmed)) {
    return change(String(Number.parseInt(trimmed, 16)), 'it was hexadecimal');
  }
  if (known?.value.kind === 'boolean') {
    const value = trimmed === '' ? 'No' : spelled(known, trimmed);
    return value === text ? value : change(value, `it was "${text}"`);
  }
  if (kind !== 'string') return change(trimmed, `it was <${kind}>`);
  return trimmed === text ? text : change(trimmed, 'it had blanks at its ends');
}
