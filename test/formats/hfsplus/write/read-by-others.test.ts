import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../src/formats/bytes.js';
import type { Entry } from '../../../../src/formats/entry.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { entry, noise } from '../../../helpers/entries.js';
import { needs } from '../../../helpers/judges/needs.js';
import { SEVEN_ZIP_TOOLS, sevenZip } from '../../../helpers/judges/seven-zip.js';
import { SLEUTH_KIT_TOOLS, sleuthKit } from '../../../helpers/judges/sleuth-kit.js';
import { scratch } from '../../../helpers/judges/tool.js';
import { compareTrees, type Seen } from '../../../helpers/judges/tree.js';
import { materialize } from '../../../helpers/materialize.js';

const NOW = 3_600_000_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A bit of everything; files are named by POSIX path without a leading slash. */
function everything(): Entry[] {
  const data = (name: string, size: number) => ({ data: fromBytes(noise(name, size), name) });
  const xattrs = [
    { name: 'small', value: fromBytes(noise('small', 21), 'small') },
    { name: 'net.example.second', value: fromBytes(noise('second', 3802), 'second') },
  ];
  return [
    entry(['folder']),
    entry(['folder', 'deep']),
    entry(['folder', 'deep', 'file'], data('file', 70_001)),
    entry(['folder', 'fragmented'], data('fragmented', 200_000)),
    entry(['empty'], { text: '' }),
    entry(['pointer'], { kind: 'symlink', text: 'folder/deep/file' }),
    entry(['one'], { ...data('shared', 5000), link: 1 }),
    entry(['folder', 'two'], { ...data('shared', 5000), link: 1 }),
    entry(['forks'], { ...data('forks', 10), resource: fromBytes(noise('resource', 9000), 'r'), xattrs }),
    entry(['U\u0308nï 蝃蝀'.normalize('NFD')], data('name', 3)),
    ...Array.from({ length: 300 }, (_, i) => entry([`many ${String(i).padStart(3, '0')}`], data(`many ${i}`, i * 10))),
  ];
}

async function seenOf(item: Entry): Promise<Seen> {
  const bytes = item.data && (await item.data.read(0, item.data.size));
  const { kind, link, resource } = item;
  const base = { kind, mode: item.bsd.mode, uid: item.bsd.uid, gid: item.bsd.gid };
  if (kind === 'folder') return base;
  if (kind === 'symlink') return { ...base, target: Buffer.from(bytes!).toString() };
  const fork = resource ? await resource.read(0, resource.size) : new Uint8Array(0);
  const values = await Promise.all(
    item.xattrs.map(async ({ name, value }) => [name, sha256(await value.read(0, value.size))]),
  );
  return {
    ...base,
    size: bytes!.length,
    sha256: sha256(bytes!),
    resource: { size: fork.length, sha256: sha256(fork) },
    xattrs: Object.fromEntries(values),
    ...(link === undefined ? {} : { link }),
  } as Seen;
}

describe.each([
  { blockSize: 4096, caseSensitive: false },
  { blockSize: 512, caseSensitive: true },
])('a volume with %o', (options) => {
  async function image() {
    const base = await emptyVolume({ name: 'Others', created: NOW, ...options });
    const staged = new StagedVolume(await HfsVolume.open(base), { now: NOW });
    for (const item of everything()) await staged.put(item);
    const fragmentForTests = (path: readonly string[]) => (path.at(-1) === 'fragmented' ? 3 : undefined);
    const file = join(scratch('others'), 'volume.img');
    writeFileSync(file, await materialize(await planVolume(staged, { now: NOW, fragmentForTests })));
    const expected: Record<string, Seen> = {};
    for (const item of everything()) expected[item.path.join('/')] = await seenOf(item);
    return { file, expected };
  }

  it('is what was put for 7-Zip', async (context) => {
    needs(context, ...SEVEN_ZIP_TOOLS);
    const { file, expected } = await image();
    const { differences, entries, hashes, unread } = compareTrees(expected, await sevenZip(file));
    expect(differences).toEqual([]);
    expect(entries).toBe(310);
    expect(hashes).toBe(305);
    expect(unread).toEqual([]);
  });

  it('is what was put for The Sleuth Kit', async (context) => {
    needs(context, ...SLEUTH_KIT_TOOLS);
    const { file, expected } = await image();
    const { differences, entries, unread } = compareTrees(expected, await sleuthKit(file));
    expect(differences).toEqual([]);
    expect(entries).toBe(310);
    expect(unread).toEqual([]);
  });
});
