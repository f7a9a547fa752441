import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { chunkUp, writeChunklist } from '../../src/formats/chunklist.js';
import type { Offers } from '../../src/known/downloads.js';
import { buildPlist, type PlistValue } from '../../src/plist/plist.js';
import type { TestServer } from './http-server.js';

/** A full installer of 10.13 or later, as a catalogue offers it. */
export interface MadeProduct {
  readonly id: string;
  readonly version: string;
  readonly build: string;
  /** InstallESDDmg.pkg, BaseSystem.dmg, BaseSystem.chunklist, and whatever else lies beside. */
  readonly parts: ReadonlyMap<string, ByteSource>;
  readonly posted?: Date;
  /** How the .dist says which release it is. */
  readonly words?: 'VERSION' | 'macOSProductVersion';
}

export const CATALOGUE = '/content/catalogs/index.sucatalog';

/** Puts a catalogue and everything it names on a server, in the shape of Apple's; see facts/apple-downloads.md. */
export async function offerCatalogue(server: TestServer, products: readonly MadeProduct[]): Promise<void> {
  const listed: Record<string, PlistValue> = {
    '012-3456': {
      PostDate: new Date('2020-01-01T00:00:00Z'),
      Packages: [{ URL: server.url('/x/SomeUpdate.pkg'), Size: 1000 }],
      Distributions: { English: server.url('/x/012-3456.English.dist') },
    },
  };
  for (const { id, version, build, parts, posted, words = 'VERSION' } of products) {
    const folder = `/content/downloads/${id}`;
    const packages: PlistValue[] = [];
    for (const [name, source] of parts) {
      server.files.set(`${folder}/${name}`, source);
      const list = writeChunklist(await chunkUp(source));
      const integrity = `${folder}/${name}.integrityDataV1`;
      server.files.set(integrity, fromBytes(list, name));
      packages.push({
        URL: server.url(`${folder}/${name}`),
        Size: source.size,
        ...(name === 'InstallESDDmg.pkg' && {
          IntegrityDataURL: server.url(integrity),
          IntegrityDataSize: list.length,
        }),
      });
    }
    const names = words === 'VERSION' ? ['VERSION', 'BUILD'] : ['macOSProductVersion', 'macOSProductBuildVersion'];
    const dist = `<?xml version="1.0" encoding="UTF-8"?>
<installer-gui-script minSpecVersion="2">
  <title>SU_TITLE</title>
  <auxinfo><dict><key>${names[1]}</key><string>${build}</string><key>${names[0]}</key><string>${version}</string></dict></auxinfo>
</installer-gui-script>\n`;
    server.files.set(`${folder}/${id}.English.dist`, fromBytes(Buffer.from(dist), 'dist'));
    listed[id] = {
      PostDate: posted ?? new Date('2020-07-01T00:00:00Z'),
      ServerMetadataURL: server.url(`${folder}/${id}.smd`),
      Packages: packages,
      Distributions: { English: server.url(`${folder}/${id}.English.dist`) },
      ExtendedMetaInfo: { InstallAssistantPackageIdentifiers: { OSInstall: 'com.apple.mpkg.OSInstall' } },
    };
  }
  const catalogue = buildPlist({ CatalogVersion: 2, Products: listed });
  server.files.set(CATALOGUE, fromBytes(Buffer.from(catalogue), 'catalogue'));
}

/** What OSX_ISO_OFFERS is set to: a file in `folder` with these images, and the catalogue that is on the server. */
export function writeOffers(folder: string, server: TestServer, images: Offers['images'] = []): string {
  const path = join(folder, 'offers.json');
  const catalogue = server.files.has(CATALOGUE) ? { catalogue: server.url(CATALOGUE) } : {};
  writeFileSync(path, JSON.stringify({ images, ...catalogue }));
  return path;
}
