/** A full installer that Apple offers as one disk image. */
export interface PublicImage {
  readonly version: string;
  readonly build: string;
  /** The same file in several places, the best first. https before http: what comes over http is proved by nothing but itself. */
  readonly urls: readonly string[];
  /** Bytes, exactly. */
  readonly size: number;
}

/** Where installers are had from: Apple's own places, or those of a mirror. */
export interface Offers {
  readonly images: readonly PublicImage[];
  /** A software update catalogue (a property list), for what is not one image. */
  readonly catalogue?: string;
}

const HTTPS = 'https://updates.cdn-apple.com';
/** What Apple's page itself links for the files of 2019 (reported; the same paths). */
const HTTP = 'http://updates-http.cdn-apple.com';

/**
 * Apple's support page 102662 (formerly HT211683): paths and sizes as three programs have them (mist-cli and two catalogues of others;
 * code, never asked from here). No sums are published of these images. All are editions whose certificates were renewed.
 */
const IMAGES = `
10.7.5  11G63 4720237409 /2021/macos/041-7683-20210614-E610947E-C7CE-46EB-8860-D26D71F0D3EA/InstallMacOSX.dmg
10.8.5  12F45 4449317520 /2021/macos/031-0627-20210614-90D11F33-1A65-42DD-BBEA-E1D9F43A6B3F/InstallMacOSX.dmg
10.10.5 14F27 5718074248 /2019/cert/061-41343-20191023-02465f92-3ab5-4c92-bfe2-b725447a070d/InstallMacOSX.dmg
10.11.6 15G31 6204629298 /2019/cert/061-41424-20191024-218af9ec-cf50-4516-9011-228c78eda3d2/InstallMacOSX.dmg
10.12.6 16G29 5007882126 /2019/cert/061-39476-20191023-48f365f4-0015-4c41-9f44-39d3d2aca067/InstallOS.dmg
`;

/** The catalogue of 10.15 and older (code: munki's installinstallmacos.py, gibMacOS, mist-cli). */
const CATALOGUE =
  'https://swscan.apple.com/content/catalogs/others/index-10.15-10.14-10.13-10.12-10.11-10.10-10.9-mountainlion-lion-snowleopard-leopard.merged-1.sucatalog';

/** What Apple offers to everybody, and nothing else. */
export const APPLE: Offers = {
  images: IMAGES.trim()
    .split('\n')
    .map((line) => {
      const [version = '', build = '', size = '', path = ''] = line.split(/ +/);
      return { version, build, size: Number(size), urls: [HTTPS + path, HTTP + path] };
    }),
  catalogue: CATALOGUE,
};

const TOO_NEW =
  "From macOS 11 on installers have another form, which no recipe of this kind can make a disk of. On a Mac, Apple's own createinstallmedia does.";

/** Why a release cannot be had from a public place, and what to do; by the first parts of its version, or what it is called. */
export const NOT_OFFERED: Readonly<Record<string, string>> = {
  '10.5': 'Apple sold 10.5 on DVDs only, and osx-iso has no recipe for it.',
  '10.6': 'Apple sold 10.6 on DVDs only. Make an image of your own disc, and give that with --app.',
  '10.9':
    'Apple offers 10.9 on no public page. Who once "bought" it finds it among the purchases in the App Store of an older Mac; give that app, or its InstallESD.dmg, with --app.',
  ...Object.fromEntries(['11', '12', '13', '14', '15', '26'].map((version) => [version, TOO_NEW])),
};

/** What the releases that no recipe is for are called. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  leopard: '10.5',
  'big sur': '11',
  monterey: '12',
  ventura: '13',
  sonoma: '14',
  sequoia: '15',
  tahoe: '26',
};
