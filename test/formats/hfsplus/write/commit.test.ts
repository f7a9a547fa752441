import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, UserError } from '../../../../src/errors.js';
import { fromBytes, zeros } from '../../../../src/formats/bytes.js';
import { compareExtentKeys, encodeExtentKey } from '../../../../src/formats/hfsplus/extent-record.js';
import { encodeExtents } from '../../../../src/formats/hfsplus/fork-data.js';
import { Cnid, encodeVolumeHeader } from '../../../../src/formats/hfsplus/header.js';
import { journalChecksum } from '../../../../src/formats/hfsplus/journal.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import {
  emptyVolume,
  type NewVolumeOptions,
  type PlanOptions,
  planInPlace,
  planVolume,
  StagedVolume,
} from '../../../../src/formats/hfsplus/write/index.js';
import { buildTree } from '../../../../src/formats/hfsplus/write/tree-builder.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry, noise } from '../../../helpers/entries.js';
import { points, times } from '../../../helpers/long.js';
import { materialize } from '../../../helpers/materialize.js';
import { snapshot } from '../../../helpers/tree-snapshot.js';

const NOW = 3_600_000_000;

async function finish(staged: StagedVolume, options: Partial<PlanOptions> = {}) {
  const plan = await planVolume(staged, { now: NOW, ...options });
  const bytes = await materialize(plan);
  await expectClean(bytes);
  return { plan, bytes, volume: await HfsVolume.open(fromBytes(bytes, 'finished')) };
}

describe('planVolume over an empty volume', () => {
  for (const blockSize of points([512, 1024, 2048, 4096, 8192, 16384, 32768, 65536], 3)) {
    for (const caseSensitive of [false, true]) {
      it(`blocks of ${blockSize}, ${caseSensitive ? 'HFSX' : 'H+'}: what was put is what is read`, async () => {
        const empty = await emptyVolume({ name: 'New', created: 3_500_000_000, blockSize, caseSensitive });
        const staged = new StagedVolume(await HfsVolume.open(empty), { now: NOW });
        await staged.put(entry(['Folder']));
        await staged.put(entry(['Folder', 'file'], { text: 'hello' }));
        await staged.put(entry(['Folder', 'big'], { data: fromBytes(noise('big', 300_001), 'big') }));
        await staged.put(entry(['Folder', 'empty'], { text: '' }));
        await staged.put(entry(['Folder', 'link'], { kind: 'symlink', text: 'file' }));
        await staged.put(
          entry(['Folder', 'attributes'], {
            text: 'x',
            resource: fromBytes(noise('resource', 5000), 'resource'),
            xattrs: [
              { name: 'small', value: fromBytes(noise('small', 11), 'small') },
              { name: 'com.apple.system.Security', value: fromBytes(noise('acl', 100), 'acl') },
              { name: 'large', value: fromBytes(noise('large', 9999), 'large') },
              { name: 'none', value: fromBytes(new Uint8Array(0), 'none') },
            ],
          }),
        );
        for (const name of ['one', 'two', 'three'])
          await staged.put(entry(['Folder', name], { text: 'linked', link: 7 }));
        const expected = await snapshot(staged);
        const { volume, plan } = await finish(staged);
        expect(await snapshot(volume)).toEqual(expected);
        expect(expected.get('/Folder/two')?.link).toBe('/Folder/one');
        expect(volume.header.freeBlocks).toBe(0);
        expect(plan.totalBlocks).toBe(volume.header.totalBlocks);
      });
    }
  }
});

const open = (bytes: Uint8Array) => HfsVolume.open(fromBytes(bytes, 'volume'));
const fresh = async (options: Partial<NewVolumeOptions> = {}) =>
  new StagedVolume(await HfsVolume.open(await emptyVolume({ name: 'New', created: NOW, ...options })), { now: NOW });

describe('planVolume', () => {
  it('blesses folder and file, and seeds the UUID; a later change leaves all 32 bytes as they are', async () => {
    const staged = await fresh();
    await staged.put(entry(['System']));
    await staged.put(entry(['System', 'boot.efi'], { text: 'EFI' }));
    const uuidSeed = noise('uuid', 8);
    const bless = { folder: ['System'], file: ['System', 'boot.efi'] };
    const { volume } = await finish(staged, { bless, uuidSeed });
    const id = async (path: string[]) => (await volume.lookup(path))!.record.cnid;
    const words = new DataView(volume.header.finderInfo.buffer, volume.header.finderInfo.byteOffset);
    const [folder, file] = [await id(['System']), await id(['System', 'boot.efi'])];
    expect([0, 4, 8, 12, 16, 20].map((at) => words.getUint32(at))).toEqual([folder, file, 0, 0, 0, folder]);
    expect(Buffer.from(volume.header.finderInfo.subarray(24)).equals(uuidSeed)).toBe(true);
    const later = new StagedVolume(volume);
    await later.put(entry(['System', 'boot.efi'], { text: 'other EFI' }));
    const after = await finish(later);
    expect(after.volume.header.finderInfo).toEqual(volume.header.finderInfo);
    expect((await after.volume.lookup(['System', 'boot.efi']))!.record.cnid).toBe(file);
    await expect(planVolume(later, { now: NOW, bless: { folder: ['none'], file: ['none'] } })).rejects.toThrow(
      /to bless/,
    );
  });

  it('keeps files in many extents, made by itself or found in the base volume; removing them frees all', async () => {
    const staged = await fresh({ blockSize: 512 });
    for (const name of ['a', 'b', 'c']) {
      const xattrs = [{ name: 'large', value: fromBytes(noise(`${name} x`, 30_000), 'x') }];
      const resource = fromBytes(noise(`${name} r`, 20_000), 'r');
      await staged.put(entry([name], { data: fromBytes(noise(name, 50_000), name), resource, xattrs }));
    }
    const expected = await snapshot(staged);
    const fragmentForTests = (path: readonly string[]) => (path[0] === 'b' ? 2 : path[0] === 'c' ? 1 : undefined);
    const first = await finish(staged, { fragmentForTests });
    expect(await snapshot(first.volume)).toEqual(expected);
    let overflow = 0;
    for await (const _ of first.volume.extentsTree.records()) overflow++;
    expect(overflow).toBe(
      Math.ceil((49 - 8) / 8) + Math.ceil((20 - 8) / 8) + Math.ceil((98 - 8) / 8) + Math.ceil((40 - 8) / 8),
    );

    const second = new StagedVolume(first.volume);
    await second.put(entry(['d'], { text: 'd' }));
    const kept = await snapshot(second);
    expect(await snapshot((await finish(second)).volume)).toEqual(kept);

    const third = new StagedVolume(first.volume);
    for (const name of ['a', 'b', 'c']) await third.remove([name]);
    const { volume } = await finish(third);
    // Nothing is left but header blocks, bitmap, trees (attributes: 2 nodes), alternate header.
    expect(volume.header.totalBlocks - volume.header.freeBlocks).toBe(3 + 1 + 16 + 16 + 8 + 2);
    expect([...(await snapshot(volume)).keys()]).toEqual(['/']);
  });

  it('brings a catalog that lies in many extents together again', async () => {
    const staged = await fresh({ extentsNodeSize: 512, blockSize: 4096 });
    for (let i = 0; i < 200; i++) await staged.put(entry([`file ${i}`], { text: `${i}` }));
    const { bytes, volume } = await finish(staged);
    // The same blocks, told as one extent each: 8 in the header, the others in the extents file, which keeps its block.
    const { catalogFile, extentsFile } = volume.header;
    const singles = Array.from({ length: catalogFile.totalBlocks }, (_, i) => ({
      startBlock: catalogFile.extents[0]!.startBlock + i,
      blockCount: 1,
    }));
    expect(singles.length).toBeGreaterThan(8);
    const groups = Array.from({ length: Math.ceil(singles.length / 8) }, (_, i) => singles.slice(i * 8, i * 8 + 8));
    const records = groups.slice(1).map((group, i) => ({
      key: { fileID: Cnid.catalog, forkType: 0, startBlock: (i + 1) * 8 },
      record: encodeExtents(group),
    }));
    const format = {
      ...volume.extentsTree.header,
      name: 'extents',
      encode: encodeExtentKey,
      compare: compareExtentKeys,
    };
    const tree = await buildTree(records, format, { multiple: 4096 });
    bytes.set(await tree.source.read(0, 4096), extentsFile.extents[0]!.startBlock * 4096);
    const header = encodeVolumeHeader({ ...volume.header, catalogFile: { ...catalogFile, extents: groups[0]! } });
    for (const at of [1024, bytes.length - 1024]) bytes.set(header, at);
    const scattered = await open(bytes);
    const before = await snapshot(scattered);
    expect(before.size).toBe(201);
    const after = await finish(new StagedVolume(scattered));
    expect(await snapshot(after.volume)).toEqual(before);
    expect(after.volume.header.catalogFile.extents).toHaveLength(1);
    for await (const _ of after.volume.extentsTree.records()) expect.unreachable('no overflow is left');
  });

  it('leaves free blocks where asked', async () => {
    const staged = await fresh();
    const { volume } = await finish(staged, { reserveBlocks: 77 });
    expect(volume.header.freeBlocks).toBe(77);
  });

  it('makes a bitmap of more than one block when the volume needs it', async () => {
    const staged = await fresh({ blockSize: 512 });
    await staged.put(entry(['big'], { data: zeros(3_000_000, 'big') }));
    const { volume } = await finish(staged);
    expect(volume.header.allocationFile.totalBlocks).toBe(2);
  });

  it('plans files beyond 4 GiB, and refuses more blocks than HFS+ can number', async () => {
    const staged = await fresh();
    await staged.put(entry(['huge'], { data: zeros(5 * 2 ** 40 + 1, 'huge') }));
    const plan = await planVolume(staged, { now: NOW });
    const file = plan.extents.find((extent) => extent.source.name === 'huge');
    expect(file?.length).toBe(5 * 2 ** 40 + 1);
    await staged.put(entry(['more'], { data: zeros(2 ** 44, 'more') }));
    await expect(planVolume(staged, { now: NOW })).rejects.toThrow(/4294967295/);
  });

  it('refuses a dirty journal and a volume that was not unmounted', async () => {
    const { bytes, volume } = await finish(await fresh({ journaled: true }));
    const journal = await volume.journal();
    if (journal.state === 'none') expect.unreachable();
    const dirty = Buffer.from(bytes);
    const head = dirty.subarray(journal.offset, journal.offset + 44);
    head.writeBigUInt64LE(1024n, 16);
    head.writeUInt32LE(journalChecksum(head), 36);
    const at = await open(dirty);
    await expect(planVolume(new StagedVolume(at), { now: NOW })).rejects.toThrow(/journal holds changes/);
    await expect(planInPlace(new StagedVolume(at), { now: NOW })).rejects.toThrow(/journal holds changes/);
    const mounted = (await finish(await fresh())).bytes;
    mounted[1024 + 6] = 0;
    await expect(planVolume(new StagedVolume(await open(mounted)), { now: NOW })).rejects.toThrow(
      /not unmounted cleanly/,
    );
  });

  it('refuses a base volume whose bitmap would lose data', async () => {
    const staged = await fresh();
    await staged.put(entry(['file'], { text: 'text' }));
    const { bytes, volume } = await finish(staged);
    const file = (await volume.lookup(['file']))!.record;
    if (file.kind !== 'file') expect.unreachable();
    const block = file.data.extents[0]!.startBlock;
    bytes[volume.header.allocationFile.extents[0]!.startBlock * 4096 + (block >> 3)]! &= ~(0x80 >> (block & 7));
    await expect(planVolume(new StagedVolume(await open(bytes)), { now: NOW })).rejects.toThrow(FormatError);
  });

  it('never throws anything but an error for users when the base volume is damaged', async () => {
    const { bytes } = await (async () => {
      const staged = await fresh({ blockSize: 512 });
      await staged.put(entry(['folder']));
      const xattrs = ['small', 'large'].map((name, i) => ({
        name,
        value: fromBytes(noise(name, 20 + i * 9000), name),
      }));
      await staged.put(entry(['folder', 'a'], { text: 'a'.repeat(5000), link: 1, xattrs }));
      await staged.put(entry(['b'], { text: 'a'.repeat(5000), link: 1, xattrs }));
      return finish(staged, { fragmentForTests: () => 1 });
    })();
    const value = fc.constantFrom(0, 1, 0xff, 0x7fff_ffff, 0xffff_ffff, 0x100);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 5), value, fc.constantFrom(1, 2, 4), async (at, wrong, width) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUIntBE(wrong % 2 ** (8 * width), at, width);
        try {
          const staged = new StagedVolume(await open(damaged), { now: NOW });
          await staged.put(entry(['folder', 'new'], { text: 'new' }));
          await staged.remove(['b']);
          await planVolume(staged, { now: NOW });
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { numRuns: times(500) },
    );
  });
});
