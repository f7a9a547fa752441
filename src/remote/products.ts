import { SourceError, UsageError } from '../errors.js';
import { NOT_OFFERED, type Offers } from '../known/downloads.js';
import { majorVersion, releaseTitle } from '../releases.js';
import { type CataloguePackage, LARGEST_CATALOGUE, parseCatalogue } from './catalogue.js';
import type { HttpClient } from './client.js';
import { type Distribution, parseDistribution } from './distribution.js';
import { fetchSmall, type WholeOptions } from './fetch-whole.js';
import { Gate } from './gate.js';
import { NetworkError } from './network-error.js';
import { fileNameOf, parseUrl, shownUrl } from './url.js';

/** One file of a product. */
export interface ProductPart extends Omit<CataloguePackage, 'name'> {
  /** What it is called on the host. */
  readonly name: string;
}

/** An installer that can be had. */
export interface Product extends Distribution {
  /** "OS X 10.10.5 Yosemite (14F27)" */
  readonly title: string;
  /** What leads to InstallESD.dmg comes first. */
  readonly parts: readonly ProductPart[];
  /** Of a catalogue's product. */
  readonly id?: string;
  readonly posted?: Date;
}

type Asking = Omit<WholeOptions, 'most' | 'onStart'>;

/** Bytes; real ones have some 50,000. */
const LARGEST_DISTRIBUTION = 4 << 20;

/** The installers that are one disk image: known without asking anybody. */
export function imageProducts(offers: Offers): Product[] {
  return offers.images.map(({ version, build, size, urls }) => {
    const places = urls.map(parseUrl);
    return {
      version,
      build,
      title: releaseTitle(version, build),
      parts: [{ name: fileNameOf(places[0]!), urls: places, size }],
    };
  });
}

/**
 * The installers of the catalogue. NetworkError where it, or what a product says about itself, cannot be had now; a product that says
 * nothing is left out.
 */
export async function catalogueProducts(offers: Offers, client: HttpClient, options: Asking): Promise<Product[]> {
  if (offers.catalogue === undefined) return [];
  const url = parseUrl(offers.catalogue);
  const bytes = await fetchSmall(client, [url], { ...options, most: LARGEST_CATALOGUE });
  const listed = parseCatalogue(bytes, url, shownUrl(url));
  const gate = new Gate(4);
  const read = async (product: (typeof listed)[number]): Promise<Product | undefined> => {
    const { distribution, packages, id, posted } = product;
    const text = await gate.pass(
      () => fetchSmall(client, distribution, { ...options, most: LARGEST_DISTRIBUTION }),
      true,
    );
    const { version, build } = parseDistribution(text, shownUrl(distribution[0]!));
    return { id, ...(posted && { posted }), version, build, title: releaseTitle(version, build), parts: packages };
  };
  const settled = await Promise.allSettled(listed.map(read));
  options.signal.throwIfAborted();
  const products = settled.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
  const failed = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  // A server in trouble must not turn the newest product into an older one without a word.
  const grave = failed.find((error) => !saysNothing(error));
  if (grave !== undefined) throw grave;
  if (products.length === 0 && failed.length > 0) throw failed[0];
  return products;
}

/** Whether a product failed in itself: it makes no sense, or the catalogue names it and the server has it no more, or does not give it. */
function saysNothing(error: unknown): boolean {
  return error instanceof SourceError || (error instanceof NetworkError && [403, 404, 410].includes(error.status ?? 0));
}

/** Whether a release is in the catalogue rather than among the images. */
export function isInCatalogue(wanted: string): boolean {
  const [first, second] = majorVersion(wanted).split('.').map(Number);
  return first === 10 && second! >= 13;
}

/** SourceError that says why a release cannot be had, where that is known beforehand. */
export function refuseNotOffered(wanted: string): void {
  const why = NOT_OFFERED[majorVersion(wanted)];
  if (why !== undefined) {
    const title = releaseTitle(wanted);
    throw new SourceError(`${title}: there is no public place to get it from.`, { hint: why });
  }
}

/** The newest product of a release, or the one of a build. UsageError that lists what there is, where there is none. */
export function choose(products: readonly Product[], wanted: string, build?: string): Product {
  const major = majorVersion(wanted);
  const ofRelease = products.filter(({ version }) => majorVersion(version) === major);
  const fits = ofRelease.filter(
    (product) =>
      (wanted === major || product.version === wanted) &&
      (build === undefined || product.build.toLowerCase() === build.toLowerCase()),
  );
  const [newest] = [...fits].sort(newestFirst);
  if (newest) return newest;
  const there = [...ofRelease].sort(newestFirst).map(({ title }) => title);
  throw new UsageError(
    `${releaseTitle(wanted, build)}: this is not among what is offered.`,
    there.length > 0 ? `There is: ${there.join(', ')}.` : 'osx-iso list shows what there is.',
  );
}

/** By version, then by build: "19H15" is newer than "19H4". Of two of one build the one posted last. */
export function newestFirst(a: Product, b: Product): number {
  const order = new Intl.Collator('en', { numeric: true });
  return (
    order.compare(b.version, a.version) ||
    order.compare(b.build, a.build) ||
    (b.posted?.getTime() ?? 0) - (a.posted?.getTime() ?? 0)
  );
}
