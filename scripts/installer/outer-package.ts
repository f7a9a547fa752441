import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type ByteSource, fromBytes, slice } from '../../src/formats/bytes.js';
import { concat } from '../../src/formats/concat.js';
import type { XarInput } from '../../src/formats/xar/index.js';
import { makeBom } from './bom.js';
import { cpioSource } from './cpio-source.js';
import { EntryList, type MadeEntry } from './entries.js';
import { xarSource } from './package.js';
import { encodePayload } from './payload.js';
import { seedFor } from './random.js';

/** Files that come with an installer, by name. */
export type Parts = ReadonlyMap<string, ByteSource>;

const KOLY = 512;
const DISTRIBUTION = `<?xml version="1.0" encoding="utf-8"?>
<installer-script minSpecVersion="1.0">
  <title>A stand-in</title>
</installer-script>
`;

/**
 * A product archive as on Apple's support pages: a Distribution, and in a folder of the package's own name a component whose payload is
 * the app, and beside that payload, stored as they are, the images. InstallESD.dmg comes last, so the archive ends in its trailer.
 */
export async function productArchive(name: string, app: string, parts: Parts, seed: number): Promise<ByteSource> {
  const entries = await appEntries(app, seedFor(seed, 'app in a package'));
  const payload = await joined(encodePayload(await cpioSource(entries, `${name} payload`), 'gzip'));
  const last = [...parts].sort(([a], [b]) => Number(a === 'InstallESD.dmg') - Number(b === 'InstallESD.dmg'));
  return xarSource(`${name}.pkg`, [
    small('Distribution', Buffer.from(DISTRIBUTION)),
    {
      name: `${name}.pkg`,
      children: [
        small('Bom', await makeBom(entries)),
        small('PackageInfo', Buffer.from('<pkg-info/>\n')),
        { name: 'Payload', content: fromBytes(payload, 'Payload') },
        ...last.map(([part, content]) => ({ name: part, content })),
      ],
    },
  ]);
}

/** InstallESDDmg.pkg as the catalogue has it from 10.13 on: InstallESD.dmg at the top of the archive. People rename it to that. */
export async function cataloguePackage(esd: ByteSource): Promise<ByteSource> {
  return xarSource('InstallESDDmg.pkg', [
    small('Bom', await makeBom([])),
    small('PackageInfo', Buffer.from('<pkg-info/>\n')),
    { name: 'InstallESD.dmg', content: esd },
  ]);
}

/**
 * The App Store's InstallESD.dmg: an archive in front, and the image behind it with a trailer for the whole file: dataForkOffset (24)
 * says where the fork begins, xmlOffset (216) counts from the start of the file, runs count from the fork.
 */
export async function storeImage(esd: ByteSource): Promise<ByteSource> {
  const archive = await xarSource('InstallESD.dmg', [small('Distribution', Buffer.from(DISTRIBUTION))]);
  const trailer = Buffer.from(await esd.read(esd.size - KOLY, KOLY));
  trailer.writeBigUInt64BE(BigInt(archive.size), 24);
  trailer.writeBigUInt64BE(trailer.readBigUInt64BE(216) + BigInt(archive.size), 216);
  const image = slice(esd, 0, esd.size - KOLY);
  const whole = [archive, image, fromBytes(trailer, 'koly')];
  return concat(
    whole.map((source) => ({ source, offset: 0, length: source.size })),
    'InstallESD.dmg',
  );
}

function small(name: string, bytes: Uint8Array): XarInput {
  return { name, content: fromBytes(bytes, name), compress: true };
}

/** The app without its images, below Applications. */
async function appEntries(app: string, seed: number): Promise<MadeEntry[]> {
  const list = new EntryList(seed);
  const found = await readdir(app, { recursive: true, withFileTypes: true });
  const paths = found.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
  for (const path of paths.sort()) {
    const inside = relative(join(app, '..'), path).split(sep);
    if (inside.includes('SharedSupport')) continue;
    const mode = inside.includes('MacOS') || inside.at(-1) === 'createinstallmedia' ? 0o755 : 0o644;
    list.file(['Applications', ...inside], fromBytes(await readFile(path), inside.at(-1) ?? ''), { mode });
  }
  return list.entries;
}

async function joined(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}
