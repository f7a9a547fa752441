import type { Compare } from './names.js';
import { decodeUniStr, encodeUniStr, MAX_NAME_UNITS } from './unicode-name.js';
import { fault, need, viewOf, type Where } from './where.js';

/** HFSPlusCatalogKey of TN1150. A thread's key is its own CNID and the empty name. */
export interface CatalogKey {
  readonly parentID: number;
  /** UTF-16 units as stored. */
  readonly name: string;
}

/** Bytes of the longest key, its length field not counted. */
export const CATALOG_MAX_KEY_LENGTH = 516;
const MIN_KEY_LENGTH = 6;

/** Reads a catalog key with its u16 length field. */
export function decodeCatalogKey(bytes: Uint8Array, where: Where): CatalogKey {
  need(bytes, 0, 2 + MIN_KEY_LENGTH, 'catalog key', where);
  const view = viewOf(bytes);
  const length = view.getUint16(0); // 0
  const parentID = view.getUint32(2); // 2
  const name = decodeUniStr(bytes, 6, MAX_NAME_UNITS, where); // 6: u16 count, units
  if (length < MIN_KEY_LENGTH + name.length * 2) {
    throw fault(where, 0, `a key length of ${MIN_KEY_LENGTH + name.length * 2}`, length);
  }
  return { parentID, name };
}

/** A catalog key with its u16 length field; its length is always even. */
export function encodeCatalogKey(key: CatalogKey): Uint8Array {
  if (key.name.length > MAX_NAME_UNITS) throw new Error(`a name of ${key.name.length} UTF-16 units; 255 is the most`);
  const bytes = new Uint8Array(2 + MIN_KEY_LENGTH + key.name.length * 2);
  const view = viewOf(bytes);
  view.setUint16(0, bytes.length - 2); // 0
  view.setUint32(2, key.parentID); // 2
  encodeUniStr(key.name, bytes, 6); // 6
  return bytes;
}

/** The order of the catalog tree: parent, then name in the order given (compareCaseInsensitive or compareBinary). */
export function catalogKeyOrder(compareNames: Compare<string>): Compare<CatalogKey> {
  return (a, b) => a.parentID - b.parentID || compareNames(a.name, b.name);
}
