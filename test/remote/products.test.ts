import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { APPLE } from '../../src/known/downloads.js';
import { releaseWanted } from '../../src/known/names.js';
import { buildPlist } from '../../src/plist/plist.js';
import { parseCatalogue } from '../../src/remote/catalogue.js';
import { parseDistribution } from '../../src/remote/distribution.js';
import { findProduct, listProducts } from '../../src/remote/find-product.js';
import { readOffers } from '../../src/remote/offers.js';
import { type Fault, startServer, type TestServer } from '../helpers/http-server.js';
import { CATALOGUE, offerCatalogue, writeOffers } from '../helpers/offers.js';

const source = (text: string) => fromBytes(Buffer.from(text), text);
const parts = new Map([
  ['InstallESDDmg.pkg', source('a package')],
  ['BaseSystem.dmg', source('an image')],
  ['BaseSystem.chunklist', source('a list')],
  ['MajorOSInfo.pkg', source('not needed')],
]);
const asking = { signal: new AbortController().signal, wait: async () => {} };

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'osx-iso-test-'));
  server = await startServer([]);
  await offerCatalogue(server, [
    { id: '061-26578', version: '10.14.6', build: '18G103', parts },
    { id: '061-26589', version: '10.14.5', build: '18F2059', parts },
    { id: '041-91758', version: '10.13.6', build: '17G66', parts, words: 'macOSProductVersion' },
    { id: '001-68446', version: '10.15.7', build: '19H4', parts },
    { id: '001-68447', version: '10.15.7', build: '19H15', parts },
    { id: '001-68448', version: '10.15.8', build: '19H99', parts: new Map([...parts].slice(1)) },
  ]);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  delete process.env.OSX_ISO_OFFERS;
});

describe('what a release is called', () => {
  it.each([
    ['yosemite', '10.10'],
    ['Yosemite', '10.10'],
    ['OS X Yosemite', '10.10'],
    ['Install OS X Yosemite', '10.10'],
    ['10.10', '10.10'],
    ['10.10.5', '10.10.5'],
    ['el capitan', '10.11'],
    ['ElCapitan', '10.11'],
    ['el-capitan', '10.11'],
    ['macOS High Sierra', '10.13'],
    ['mac os x lion', '10.7'],
    ['OSX Mavericks', '10.9'],
    ['Big Sur', '11'],
    ['12.6', '12.6'],
    ['win95', undefined],
    ['10.99', undefined],
    ['', undefined],
    ['./InstallESD.dmg', undefined],
  ])('%s: %s', (text, version) => {
    expect(releaseWanted(text)).toBe(version);
  });
});

describe("Apple's table", () => {
  it('has https first, and names and sizes that make sense', () => {
    expect(APPLE.images.map(({ version }) => version)).toEqual(['10.7.5', '10.8.5', '10.10.5', '10.11.6', '10.12.6']);
    for (const { urls, size } of APPLE.images) {
      expect(urls.map((url) => new URL(url).protocol)).toEqual(['https:', 'http:']);
      for (const url of urls) expect(new URL(url).host).toMatch(/\.cdn-apple\.com$/);
      expect(size).toBeGreaterThan(4e9);
    }
  });

  it('is asked nothing for what is in it', async () => {
    const { title, parts: files } = await findProduct('10.10', undefined, asking);
    expect(title).toBe('OS X 10.10.5 Yosemite (14F27)');
    expect(files).toMatchObject([{ name: 'InstallMacOSX.dmg', size: 5_718_074_248 }]);
  });

  it.each([
    ['10.6', /DVD/],
    ['10.9', /App Store/],
    ['11', /createinstallmedia/],
    ['13.4', /createinstallmedia/],
  ])('%s: says why there is none', async (wanted, hint) => {
    await expect(findProduct(wanted, undefined, asking)).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringMatching(hint),
    });
  });

  it('a version or build that is not offered: what is', async () => {
    await expect(findProduct('10.10.4', undefined, asking)).rejects.toMatchObject({
      exitCode: 2,
      hint: 'There is: OS X 10.10.5 Yosemite (14F27).',
    });
    await expect(findProduct('10.12', '16A323', asking)).rejects.toThrow('macOS 10.12 Sierra (16A323): this is not');
  });
});

describe('the catalogue', () => {
  it.each([
    ['10.14', undefined, '18G103'],
    ['10.14.5', undefined, '18F2059'],
    ['10.14', '18f2059', '18F2059'],
    ['10.13', undefined, '17G66'],
    ['10.15', undefined, '19H15'],
    ['10.15', '19H4', '19H4'],
  ])('%s, build %s: %s', async (wanted, build, found) => {
    process.env.OSX_ISO_OFFERS = writeOffers(folder, server);
    const product = await findProduct(wanted, build, asking);
    expect(product.build).toBe(found);
    expect(product.parts.map(({ name }) => name)).toEqual([
      'InstallESDDmg.pkg',
      'BaseSystem.dmg',
      'BaseSystem.chunklist',
    ]);
    expect(String(product.parts[0]!.integrity?.urls[0])).toMatch(/InstallESDDmg\.pkg\.integrityDataV1$/);
  });

  it('all that is offered, newest first; a product that lacks a part is none', async () => {
    const image = { version: '10.10.5', build: '14F27', size: 5, urls: [server.url('/x.dmg')] };
    process.env.OSX_ISO_OFFERS = writeOffers(folder, server, [image]);
    const { products, missing } = await listProducts(asking);
    expect(missing).toBeUndefined();
    expect(products.map(({ build }) => build)).toEqual(['19H15', '19H4', '18G103', '18F2059', '17G66', '14F27']);
  });

  it('that cannot be had: the rest, and why', async () => {
    const image = { version: '10.10.5', build: '14F27', size: 5, urls: [server.url('/x.dmg')] };
    process.env.OSX_ISO_OFFERS = join(folder, 'other.json');
    writeFileSync(process.env.OSX_ISO_OFFERS, JSON.stringify({ images: [image], catalogue: server.url('/nothing') }));
    const { products, missing } = await listProducts(asking);
    expect(products.map(({ build }) => build)).toEqual(['14F27']);
    expect(missing?.message).toMatch(/404/);
    expect(missing?.exitCode).toBe(4);
  });

  it.each<[string, Fault | undefined, string | undefined]>([
    ['makes no sense', undefined, '19H4'],
    ['is gone', { kind: 'status', status: 404 }, '19H4'],
    ['cannot be had now', { kind: 'status', status: 503 }, undefined],
  ])('what the newest says of itself %s', async (_, fault, found) => {
    const path = '/content/downloads/n-2/n-2.English.dist';
    const other = await startServer([], { fault: (_i, { path: asked }) => (asked === path ? fault : undefined) });
    try {
      await offerCatalogue(other, [
        { id: 'n-1', version: '10.15.7', build: '19H4', parts },
        { id: 'n-2', version: '10.15.7', build: '19H15', parts },
      ]);
      if (!fault) other.files.set(path, source('no XML'));
      process.env.OSX_ISO_OFFERS = writeOffers(folder, other);
      const product = findProduct('10.15', undefined, asking);
      if (found) expect((await product).build).toBe(found);
      else await expect(product).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(/503/) });
    } finally {
      await other.close();
    }
  });

  const at = new URL('http://127.0.0.1:9/catalogue');
  const withPackage = (url: string) =>
    Buffer.from(
      buildPlist({
        Products: {
          'x-1': {
            Packages: [
              { URL: url, Size: 10 },
              { URL: 'http://swcdn.apple.com/content/BaseSystem.dmg', Size: 10 },
              { URL: 'http://swcdn.apple.com/content/BaseSystem.chunklist', Size: 10 },
            ],
            Distributions: { English: 'https://swdist.apple.com/content/x.dist' },
          },
        },
      }),
    );

  it("Apple's hosts are asked by https first; other hosts are not asked", () => {
    const [product] = parseCatalogue(withPackage('http://swcdn.apple.com/content/InstallESDDmg.pkg'), at, 'c');
    expect(product?.packages[0]?.urls.map(String)).toEqual([
      'https://swcdn.apple.com/content/InstallESDDmg.pkg',
      'http://swcdn.apple.com/content/InstallESDDmg.pkg',
    ]);
    for (const url of [
      'http://evil.example/InstallESDDmg.pkg',
      'http://swcdn.apple.com.evil.example/InstallESDDmg.pkg',
      'http://swcdn.apple.com:8080/InstallESDDmg.pkg',
      'file:///etc/InstallESDDmg.pkg',
      'http://swcdn.apple.com/content/..%2f..%2fInstallESDDmg.pkg',
      'http://swcdn.apple.com/content/../InstallESDDmg.pkg/..',
      'nonsense',
    ]) {
      expect({ url, found: parseCatalogue(withPackage(url), at, 'c') }).toEqual({ url, found: [] });
    }
  });

  it.each([
    ['no plist', 'hello', /property list/],
    ['no catalogue', buildPlist({ a: 1 }), /no Products/],
  ])('%s: a sentence of exit code 3', (_, text, words) => {
    const read = () => parseCatalogue(Buffer.from(text), at, 'c');
    expect(read).toThrow(words);
    expect(read).toThrow(expect.objectContaining({ exitCode: 3 }));
  });

  it.each([
    ['<a><auxinfo><dict><key>BUILD</key><string>1A1</string></dict></auxinfo></a>', /VERSION in auxinfo, found none/],
    ['<a><auxinfo><dict><key>VERSION</key><string>../x</string></dict></auxinfo></a>', /found "\.\.\/x"/],
    ['<!DOCTYPE x [<!ENTITY a "b">]><a/>', /no document type/],
    ['<a>', /well-formed|tag|XML/],
  ])('a distribution like %s is refused', (text, words) => {
    expect(() => parseDistribution(Buffer.from(text), 'x.dist')).toThrow(words);
  });
});

describe('OSX_ISO_OFFERS', () => {
  it.each([
    ['no such file', undefined, /no such file/],
    ['no JSON', '{', /no JSON/],
    ['no images', '{"images":[{"version":"x"}]}', /each with a version/],
    ['a size that is none', '{"images":[{"version":"10.1","build":"1","size":-1,"urls":["http://x"]}]}', /each with/],
    [
      'a URL with a password',
      '{"catalogue":"https://a:b@c/d"}',
      /https:\/\/c\/d: the URL has a user's name or a password/,
    ],
    ['a URL of a file', '{"catalogue":"file:///etc/passwd"}', /expected https/],
  ])('%s: a sentence', async (_, text, words) => {
    const path = join(folder, 'given.json');
    if (text === undefined) rmSync(path, { force: true });
    else writeFileSync(path, text);
    await expect(readOffers({ OSX_ISO_OFFERS: path })).rejects.toThrow(words);
  });

  it('unset: Apple', async () => {
    expect(await readOffers({})).toBe(APPLE);
    expect(CATALOGUE).toMatch(/sucatalog$/);
  });
});
