import type { Bom } from '../../bom.js';
import type { Path } from '../../entry.js';
import type { Payload } from '../coded.js';
import { Locator } from './locate.js';
import { ORDERS } from './order.js';
import { type Found, Miss, readSubtree } from './subtree.js';

export type { Found } from './subtree.js';

/** A larger subtree is most of a payload; its entries would have to be held back until all have come. */
const MOST_ENTRIES = 50_000;

/** What came of a search: the entries of the subtree, or why the payload has to be read from its start. */
export type Searched = Found | { readonly missed: string; readonly damage: boolean };

/**
 * Looks for a subtree by the order of a payload, instead of reading up to it. Without a Bom it cannot be told when all has come, and a
 * stream of gzip cannot be begun in its middle: undefined.
 */
export async function searchPayload(payload: Payload, from: Path, bom: Bom | undefined): Promise<Searched | undefined> {
  const { entrances } = payload;
  if (!entrances || !bom || from.length === 0) return undefined;
  const listed = bom.below(from.map((name) => name.replaceAll('/', ':')));
  if (listed.size > MOST_ENTRIES) return undefined;
  if (listed.size === 0) return { missed: 'the Bom does not list it', damage: false };
  const locator = new Locator(entrances, bom);
  let reason = '';
  for (const order of ORDERS) {
    const spot = await locator.before({ path: from, double: false }, order);
    if (!spot) return { missed: 'few headers are to be found in it', damage: false };
    try {
      return await readSubtree(payload, spot, { from, listed }, order);
    } catch (error) {
      if (!(error instanceof Miss)) throw error;
      if (error.damage) return { missed: error.reason, damage: true };
      reason = error.reason;
    }
  }
  return { missed: reason, damage: false };
}
