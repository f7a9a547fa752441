import { SourceError } from '../errors.js';
import { asArray, asDict, type PlistValue, parsePlist, plistGet, plistString } from '../plist/plist.js';

/** A package of a product. */
export interface CataloguePackage {
  readonly name: PartName;
  readonly urls: readonly URL[];
  /** Bytes. */
  readonly size: number;
  /** Its chunklist: SHA-256 of every 10 MiB, not signed. */
  readonly integrity?: { readonly urls: readonly URL[]; readonly size: number };
}

/** A full installer of 10.13 to 10.15 as a catalogue has it. */
export interface CatalogueProduct {
  /** "061-26589" */
  readonly id: string;
  readonly posted?: Date;
  /** The English .dist, which knows version and build. */
  readonly distribution: readonly URL[];
  readonly packages: readonly CataloguePackage[];
}

/** What is needed of a product. A file is called one of these and nothing else, whatever a catalogue says. */
export const PART_NAMES = ['InstallESDDmg.pkg', 'BaseSystem.dmg', 'BaseSystem.chunklist'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** Bytes of the largest catalogue that is read. */
export const LARGEST_CATALOGUE = 64 << 20;
/** More full installers of three releases there are not in any catalogue. */
const MOST_PRODUCTS = 200;

/**
 * The full installers in a software update catalogue (code: munki, gibMacOS, mist-cli): products whose OSInstall is
 * com.apple.mpkg.OSInstall, or that have an InstallESDDmg.pkg. SourceError for something that is no catalogue; a product that lacks
 * what is needed is left out.
 */
export function parseCatalogue(bytes: Uint8Array, from: URL, name: string): CatalogueProduct[] {
  const products = asDict(plistGet(parsePlist(bytes, name), 'Products'));
  if (!products) throw new SourceError(`${name}: expected a software update catalogue, found no Products in it.`);
  const found: CatalogueProduct[] = [];
  for (const [id, product] of Object.entries(products)) {
    const read = readProduct(id, product, from);
    if (read) found.push(read);
    if (found.length > MOST_PRODUCTS) {
      throw new SourceError(`${name}: expected a few full installers, found more than ${MOST_PRODUCTS}.`);
    }
  }
  return found;
}

const OS_INSTALL = ['ExtendedMetaInfo', 'InstallAssistantPackageIdentifiers', 'OSInstall'] as const;

function readProduct(id: string, product: PlistValue, catalogue: URL): CatalogueProduct | undefined {
  const listed = asArray(plistGet(product, 'Packages')) ?? [];
  const packages = new Map<string, CataloguePackage>();
  for (const entry of listed) {
    const read = readPackage(entry, catalogue);
    if (read) packages.set(read.name, read);
  }
  const isInstaller =
    plistString(product, ...OS_INSTALL) === 'com.apple.mpkg.OSInstall' || packages.has('InstallESDDmg.pkg');
  if (!isInstaller || !PART_NAMES.every((name) => packages.has(name))) return undefined;
  const text = plistString(product, 'Distributions', 'English') ?? plistString(product, 'Distributions', 'en');
  const distribution = text === undefined ? undefined : places(text, catalogue);
  if (!distribution) return undefined;
  const posted = plistGet(product, 'PostDate');
  return {
    id,
    distribution,
    packages: PART_NAMES.map((name) => packages.get(name)!),
    ...(posted instanceof Date && { posted }),
  };
}

function readPackage(entry: PlistValue, catalogue: URL): CataloguePackage | undefined {
  const text = plistString(entry, 'URL') ?? '';
  const urls = places(text, catalogue);
  const last = urls?.[0]?.pathname.split('/').at(-1);
  const name = PART_NAMES.find((known) => known === last);
  const size = plistGet(entry, 'Size');
  if (!urls || !name || typeof size !== 'number' || !Number.isSafeInteger(size) || size <= 0) return undefined;
  const integrity = places(plistString(entry, 'IntegrityDataURL') ?? '', catalogue);
  const length = plistGet(entry, 'IntegrityDataSize');
  return {
    name,
    urls,
    size,
    ...(integrity && typeof length === 'number' && { integrity: { urls: integrity, size: length } }),
  };
}

/**
 * Where a URL of a catalogue is asked for: Apple's hosts have everything under https too, and the http that catalogues name comes
 * second. Undefined for a host that is neither Apple's nor the catalogue's own.
 */
function places(text: string, catalogue: URL): readonly URL[] | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.host === catalogue.host && url.protocol === catalogue.protocol) return [url];
  const isApple = /(^|\.)apple\.com$/.test(url.hostname) || /(^|\.)cdn-apple\.com$/.test(url.hostname);
  if (!isApple || url.port !== '') return undefined;
  const secure = new URL(url);
  secure.protocol = 'https:';
  if (url.protocol === 'https:') return [url];
  return url.protocol === 'http:' ? [secure, url] : undefined;
}
