import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import type { Entry } from '../../../src/formats/entry.js';
import { checkVolume } from '../../../src/formats/hfsplus/check.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../src/formats/hfsplus/write/index.js';
import { FSCK, fsck, WITHOUT_FSCK } from '../../helpers/fsck.js';
import { materialize } from '../../helpers/materialize.js';
import { fixture } from './volumes.js';

/** What no volume of others in our fixtures has: extents overflow records, compressed files. Made with our own writer. */
const DATE = 3_000_000_000;
const pattern = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i >> 5) * seed);

function file(name: string, content: Uint8Array, extra: Partial<Entry> = {}): Entry {
  return {
    path: [name],
    kind: 'file',
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o100644, special: 0 },
    dates: { created: DATE, modified: DATE, changed: DATE, accessed: DATE, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    data: fromBytes(content, name),
    xattrs: [],
    ...extra,
  };
}

async function made(entries: Entry[], fragment?: number): Promise<Uint8Array> {
  const base = await HfsVolume.open(await emptyVolume({ name: 'Made', created: DATE }));
  const staged = new StagedVolume(base, { now: DATE });
  for (const entry of entries) await staged.put(entry);
  const plan = await planVolume(staged, { now: DATE, fragmentForTests: () => fragment });
  return new Uint8Array(await materialize(plan));
}

const fragmented = () =>
  made(
    ['a', 'b'].map((name, i) =>
      file(name, pattern(4096 * 30, i + 3), { resource: fromBytes(pattern(65536, 7), 'rsrc') }),
    ),
    1,
  );

const errors = async (bytes: Uint8Array) =>
  (await checkVolume(fromBytes(bytes, 'volume')))
    .filter(({ severity }) => severity === 'error')
    .map(({ text }) => text);

describe('an empty volume', () => {
  it.each([512, 1024, 4096, 65536])('with blocks of %i bytes has no fault, whatever its kind', async (blockSize) => {
    for (const options of [{}, { caseSensitive: true }, { journaled: true }]) {
      const volume = await emptyVolume({ name: 'Empty', created: DATE, blockSize, ...options });
      expect(await checkVolume(volume)).toEqual([]);
      const opened = await HfsVolume.open(volume);
      expect([opened.name, opened.caseSensitive]).toEqual(['Empty', 'caseSensitive' in options]);
      expect((await opened.journal()).state).toBe('journaled' in options ? 'clean' : 'none');
    }
  });
});

describe('forks in 30 extents', () => {
  it('are read through the extents overflow file, and have no fault', async () => {
    const bytes = await fragmented();
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    expect(volume.extentsTree.header.leafRecords).toBe(8);
    const entry = (await volume.entry(['b']))!;
    expect(Buffer.compare(await entry.data!.read(0, entry.data!.size), pattern(4096 * 30, 4))).toBe(0);
    expect(Buffer.compare(await entry.resource!.read(0, 65536), pattern(65536, 7))).toBe(0);
    expect(await checkVolume(fromBytes(bytes, 'volume'))).toEqual([]);
  });

  /** The first record of the extents overflow tree: key at 14 of node 1, extents 12 bytes on. */
  const record = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(1024 + 192 + 16) * 4096 + 4096 + 14;
  const damages: [string, RegExp, (view: DataView, at: number) => void][] = [
    ['extent of a used block', /overlapping/, (view, at) => view.setUint32(at + 12, 0)],
    ['extent outside', /blocks below/, (view, at) => view.setUint32(at + 12, 70_000)],
    ['records of nobody', /nobody has/, (view, at) => view.setUint32(at + 4, 15)],
    ['start block', /from block/, (view, at) => view.setUint32(at + 8, 9)],
    ['no extents', /at least one block|blocks, as in its extents/, (view, at) => view.setUint32(at + 16, 0)],
  ];
  it.each(damages)('%s is found', async (_, finding, damage) => {
    const bytes = await fragmented();
    damage(new DataView(bytes.buffer), record(bytes));
    expect((await errors(bytes)).join('\n')).toMatch(finding);
  });

  describe.skipIf(FSCK === undefined)(`Apple's fsck sees the same${WITHOUT_FSCK}`, () => {
    it.each(damages)('%s', async (_, _finding, damage) => {
      const bytes = await fragmented();
      expect(fsck(bytes).status).toBe(0);
      damage(new DataView(bytes.buffer), record(bytes));
      expect(fsck(bytes).status).not.toBe(0);
    });
  });
});

describe('a compressed file', () => {
  const attribute = (type: number, size: number) => {
    const bytes = new Uint8Array(16);
    bytes.set([0x66, 0x70, 0x6d, 0x63, type]);
    new DataView(bytes.buffer).setUint32(8, size, true);
    return { name: 'com.apple.decmpfs', value: fromBytes(bytes, 'decmpfs') };
  };
  const compressed = (name: string, type: number, rsrc: string, size: number) =>
    file(name, new Uint8Array(0), {
      bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0x20, mode: 0o100644, special: 0 },
      resource: fromBytes(fixture(`hfsplus/decmpfs/${rsrc}`), rsrc),
      xattrs: [attribute(type, size)],
    });

  it('is read as a program would, and copied as it is', async () => {
    const bytes = await made([
      compressed('zlib', 4, 'real_zlib_rsrc.rsrc', 150_000),
      compressed('lzvn', 8, 'lzvn.rsrc', 80_000),
      compressed('unknown', 13, 'lzvn.rsrc', 80_000),
    ]);
    const volume = await HfsVolume.open(fromBytes(bytes, 'volume'));
    for (const name of ['zlib', 'lzvn']) {
      const content = (await volume.file([name]))!;
      const plain = fixture(`hfsplus/decmpfs/${name}.expected`);
      expect(Buffer.compare(await content.read(0, content.size), plain)).toBe(0);
      const entry = (await volume.entry([name]))!;
      expect([entry.data!.size, entry.xattrs.map((xattr) => xattr.name)]).toEqual([0, ['com.apple.decmpfs']]);
    }
    expect((await volume.entry(['unknown']))!.resource!.size).toBe(33_773);
    await expect(volume.file(['unknown'])).rejects.toThrow(/volume: \/unknown: .*type 13 \(LZBITMAP\)/);
    expect(await errors(bytes)).toEqual([]);
  });
});
