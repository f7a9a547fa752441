import { UsageError } from '../errors.js';
import { OFFERS } from '../host/own-files.js';
import { readJsonObject } from '../host/read-file.js';
import { APPLE, type Offers, type PublicImage } from '../known/downloads.js';
import { parseUrl } from './url.js';

/** The variable that names a file with other offers: a mirror of one's own, or a test's. */
export const OFFERS_VARIABLE = 'OSX_ISO_OFFERS';

/** Apple's offers, or those of the file that OSX_ISO_OFFERS names: JSON with `images` and `catalogue`, as in src/known/downloads.ts. */
export async function readOffers(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Offers> {
  const path = env[OFFERS_VARIABLE];
  if (path === undefined || path === '') return APPLE;
  const { images = [], catalogue } = await readJsonObject(path, OFFERS, { label: `${OFFERS_VARIABLE}=` });
  const wrong = (why: string) => new UsageError(`${OFFERS_VARIABLE}=${path}: ${why}`, 'Unset it to ask Apple.');
  if (!Array.isArray(images) || !images.every(isImage)) {
    throw wrong('expected images, each with a version, a build, a size and urls.');
  }
  if (catalogue !== undefined && typeof catalogue !== 'string') throw wrong('expected the URL of a catalogue.');
  for (const url of [...images.flatMap(({ urls }) => urls), ...(catalogue === undefined ? [] : [catalogue])])
    parseUrl(url);
  return { images, ...(catalogue !== undefined && { catalogue }) };
}

function isImage(value: unknown): value is PublicImage {
  const { version, build, size, urls } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof version === 'string' &&
    /^\d+(\.\d+){1,2}$/.test(version) &&
    typeof build === 'string' &&
    /^\w+$/.test(build) &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size > 0 &&
    Array.isArray(urls) &&
    urls.length > 0 &&
    urls.every((url) => typeof url === 'string')
  );
}
