import { UsageError } from '../../errors.js';
import { nearestName } from '../nearest.js';
import type { PlistDict, PlistValue } from '../plist.js';
import { ELEMENT, type Key } from './key.js';
import { CONFIG, GONE } from './keys/index.js';
import { type ConfigPath, followConfigPath, showConfigPath, withValue } from './path.js';
import { typedValue, valueFault, writtenFault } from './value.js';

/** A value and where it goes. */
export interface ConfigSetting {
  readonly path: ConfigPath;
  readonly value: PlistValue;
}

/**
 * Reads `PATH=VALUE`, as "Misc/Boot/Timeout=5", with the value's type from the table of keys. The first `=` ends the path. UsageError
 * for a key OpenCore does not know, and for a value it would not take as it is meant.
 */
export function parseConfigSetting(written: string): ConfigSetting {
  const at = written.indexOf('=');
  if (at < 0) throw new UsageError(`"${written}": expected PATH=VALUE, as Misc/Boot/Timeout=5.`);
  const typed = written.slice(0, at);
  const text = written.slice(at + 1);
  const { path, key, lost } = followConfigPath(CONFIG, typed);
  if (lost) throw unknownKey(typed, path, lost);
  const value = typedValue(key, text);
  const fault = value === undefined ? expected(key) : (valueFault(key, value) ?? spelledFault(path, value));
  if (fault !== undefined) throw new UsageError(`${written}: ${fault}.`);
  return { path, value: value! };
}

/** A configuration with these values in it. UsageError where a list has no such entry. */
export function withSettings(config: PlistDict, settings: readonly ConfigSetting[]): PlistDict {
  let made = config;
  for (const { path, value } of settings) {
    const next = withValue(made, path, value);
    if (!next) throw new UsageError(`${showConfigPath(path)}: there is no such entry in the list.`);
    made = next;
  }
  return made;
}

function unknownKey(
  typed: string,
  path: ConfigPath,
  { part, names }: { part: string; names: readonly string[] },
): Error {
  const until = GONE[typed];
  if (until !== undefined) return new UsageError(`${typed}: OpenCore has had no such key since ${until}.`);
  const inside = path.length === 0 ? 'config.plist' : showConfigPath(path);
  const nearest = nearestName(names, part);
  const hint = nearest === undefined ? '' : `; the nearest is "${nearest}"`;
  return new UsageError(`${typed}: OpenCore knows no "${part}" in ${inside}${hint}.`);
}

function expected(key: Key): string {
  if (key.type === 'flag') return 'expected true or false';
  if (key.type === 'integer') return 'expected a whole number, decimal or as 0x10';
  if (key.type === 'data' || key.type === 'any') return 'expected bytes as <0a 0b> or in base64';
  return `this holds other values (${ELEMENT[key.type]}): name one of them`;
}

/** Drivers' arguments are the only text of which entities are decoded (code: OpenCoreUefi.c). */
function spelledFault(path: ConfigPath, value: PlistValue): string | undefined {
  if (typeof value !== 'string' || path.at(-1) === 'Arguments') return undefined;
  return writtenFault(value);
}
