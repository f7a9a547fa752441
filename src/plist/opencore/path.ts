import { asArray, asDict, type PlistDict, type PlistValue } from '../plist.js';
import type { Key } from './key.js';

/** Where a value is: names of keys and indexes of entries, as ["UEFI", "Drivers", 0, "Path"]. */
export type ConfigPath = readonly (string | number)[];

/** "UEFI/Drivers/0/Path" */
export function showConfigPath(path: ConfigPath): string {
  return path.join('/');
}

/** How far a path leads into the table of keys. */
export interface Followed {
  readonly path: ConfigPath;
  /** What the last part of `path` must be. */
  readonly key: Key;
  /** The part that leads no further, and the names there are in its place. */
  readonly lost?: { readonly part: string; readonly names: readonly string[] };
}

/**
 * Follows "Misc/Boot/Timeout" through the table. An entry of a list is its index. A name may have slashes where the names are free,
 * as devices' paths: "DeviceProperties/Add/PciRoot(0x0)/Pci(0x2,0x0)/AAPL,ig-platform-id".
 */
export function followConfigPath(root: Key, written: string): Followed {
  const parts = written.split('/');
  const path: (string | number)[] = [];
  let key = root;
  for (let i = 0; i < parts.length; i++) {
    let part = parts[i]!;
    if (key.type === 'dict') {
      const next = Object.hasOwn(key.keys, part) ? key.keys[part] : undefined;
      if (!next) return { path, key, lost: { part, names: Object.keys(key.keys) } };
      key = next;
      path.push(part);
    } else if (key.type === 'map') {
      // The last part is the name in the innermost of the maps.
      if (key.of.type === 'map' && !key.names) {
        part = parts.slice(i, Math.max(i + 1, parts.length - 1)).join('/');
        i = Math.max(i, parts.length - 2);
      }
      key = key.of;
      path.push(part);
    } else if (key.type === 'list' && /^\d{1,4}$/.test(part)) {
      key = key.of;
      path.push(Number(part));
    } else return { path, key, lost: { part, names: [] } };
  }
  return { path, key };
}

/** The dict with a value at a path: what is on the way and not there is made. Undefined where an entry is named that a list lacks. */
export function withValue(root: PlistDict, path: ConfigPath, value: PlistValue): PlistDict | undefined {
  return asDict(replaced(root, path, value));
}

function replaced(here: PlistValue | undefined, path: ConfigPath, value: PlistValue): PlistValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const list = asArray(here) ?? [];
    if (step >= list.length) return undefined;
    const entry = replaced(list[step], rest, value);
    return entry === undefined ? undefined : list.with(step, entry);
  }
  const dict = asDict(here) ?? {};
  const inner = replaced(Object.hasOwn(dict, step) ? dict[step] : undefined, rest, value);
  return inner === undefined ? undefined : Object.fromEntries([...Object.entries(dict), [step, inner]]);
}
