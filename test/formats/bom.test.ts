import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BomItem, readBom } from '../../src/formats/bom.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { Cksum } from '../../src/formats/cksum.js';
import { readCpio } from '../../src/formats/cpio/index.js';
import { unzipped } from '../../src/formats/unzipped.js';
import { openXar } from '../../src/formats/xar/index.js';
import { bomOfNames } from '../helpers/bom.js';
import { joined, orFormatError, patched } from '../helpers/damage.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/packages/${name}`, import.meta.url));

/** The Bom of a component, and the paths of its payload. */
async function real(name: string, component: string) {
  const archive = await openXar(fromBytes(fixture(name), name));
  const bom = await joined(archive.stream(`${component}/Bom`));
  const paths: string[] = [];
  const said = new Map<string, Partial<BomItem>>();
  const plain = unzipped('gzip', archive.stream(`${component}/Payload`), { file: name, at: 0 });
  for await (const { key, mode, uid, gid, mtime, size, data } of readCpio(plain, name)) {
    paths.push(key);
    const sum = new Cksum();
    for await (const bytes of data()) sum.update(bytes);
    const isFolder = (mode & 0o170000) === 0o040000;
    said.set(key, { mode, uid, gid, modified: mtime, ...(!isFolder && { size, checksum: sum.finish() }) });
  }
  return { bom, paths, said };
}
const under = (paths: readonly string[], from: string) =>
  paths.filter((path) => from === '' || path === from || path.startsWith(`${from}/`)).sort();

describe('real Boms list what is in the payload', () => {
  it.each([
    ['goxar-payload.xar', 'libmumbleoverlay.pkg'],
    ['goxar-payload.xar', 'mumbleoverlay.pkg'],
    ['munkitools.pkg', 'munkitools_launchd-2.0.0.1969.pkg'],
    ['munkitools.pkg', 'munkitools_app-4.2.2759.pkg'],
    ['munkitools.pkg', 'munkitools_admin-2.8.1.2847.pkg'],
    ['munkitools.pkg', 'munkitools_core-2.8.1.2847.pkg'],
  ])('%s %s', async (name, component) => {
    const { bom, paths, said } = await real(name, component);
    const listed = readBom(bom, 'Bom');
    for (const [key, item] of said) if (key !== '') expect(listed.at(key.split('/')), key).toMatchObject(item);
    for (const from of paths) {
      const parts = from === '' ? [] : from.split('/');
      expect([...readBom(bom, 'Bom').below(parts).keys()].sort()).toEqual(under(paths, from));
    }
    expect(readBom(bom, 'Bom').below(['nothing']).size).toBe(0);
  });
});

describe('readBom', () => {
  it('lists the AppleDouble of the folder, no others beside it', () => {
    const bom = bomOfNames(['', 'a', 'a/._X', 'a/._Y', 'a/X', 'a/X/._f', 'a/X/f', 'a/Y']);
    expect([...readBom(bom, 'Bom').below(['a', 'X']).keys()].sort()).toEqual(['a/._X', 'a/X', 'a/X/._f', 'a/X/f']);
  });

  it('refuses names that none has, before it makes a string of them', () => {
    expect(() => readBom(bomOfNames(['', 'a'.repeat(5000)]), 'Bom')).toThrow(/expected a name of at most 4096 bytes/);
  });

  it('reads trees of many leaves', () => {
    const paths = ['', ...Array.from({ length: 1000 }, (_, i) => `f${i}`)];
    expect(readBom(bomOfNames(paths, 7), 'Bom').below([]).size).toBe(1001);
  });

  it('refuses leaves that follow each other in a circle', () => {
    const bom = Buffer.from(bomOfNames(['', 'a', 'b', 'c'], 2));
    const leaf = (at: number) => bom.readUInt16BE(at) === 1 && bom.readUInt16BE(at + 2) === 2;
    const second = [...bom.keys()].findLast((at) => at + 30 < bom.length && leaf(at) && bom.readUInt32BE(at + 8) > 0)!;
    bom.writeUInt32BE(bom.readUInt32BE(second + 8), second + 4);
    expect(() => readBom(bom, 'Bom')).toThrow('expected 4 paths, found more');
  });

  it('any bytes changed, or cut short: paths or a FormatError', async () => {
    const { bom } = await real('munkitools.pkg', 'munkitools_core-2.8.1.2847.pkg');
    await fc.assert(
      fc.asyncProperty(fc.nat(bom.length - 4), fc.uint8Array({ minLength: 1, maxLength: 4 }), async (at, bytes) => {
        await orFormatError(async () => readBom(patched(bom, at, bytes), 'Bom').below(['usr']));
        await orFormatError(async () => readBom(bom.subarray(0, at), 'Bom').below(['usr']));
      }),
      { numRuns: 300 },
    );
  });
});
