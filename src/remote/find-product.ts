import { UserError } from '../errors.js';
import { HttpClient } from './client.js';
import type { WholeOptions } from './fetch-whole.js';
import { readOffers } from './offers.js';
import {
  catalogueProducts,
  choose,
  imageProducts,
  isInCatalogue,
  newestFirst,
  type Product,
  refuseNotOffered,
} from './products.js';

export type Asking = Omit<WholeOptions, 'most' | 'onStart'>;

/** The installer of a release ("10.10", "10.13.6"): the newest, or that of a build. The catalogue is asked where it is needed. */
export async function findProduct(wanted: string, build: string | undefined, options: Asking): Promise<Product> {
  refuseNotOffered(wanted);
  const offers = await readOffers();
  const images = imageProducts(offers);
  if (!isInCatalogue(wanted)) return choose(images, wanted, build);
  const client = new HttpClient();
  try {
    return choose(await catalogueProducts(offers, client, options), wanted, build);
  } finally {
    await client.close();
  }
}

/** Everything that is offered, newest first; `missing` says why the catalogue's part is not there. */
export async function listProducts(options: Asking): Promise<{ products: Product[]; missing?: UserError }> {
  const offers = await readOffers();
  const images = imageProducts(offers);
  const client = new HttpClient();
  try {
    const found = await catalogueProducts(offers, client, options);
    return { products: [...images, ...found].sort(newestFirst) };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    return { products: images.sort(newestFirst), missing: error };
  } finally {
    await client.close();
  }
}
