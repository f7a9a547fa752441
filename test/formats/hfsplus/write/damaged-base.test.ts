import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../../src/errors.js';
import { fromBytes } from '../../../../src/formats/bytes.js';
import { checkVolume } from '../../../../src/formats/hfsplus/check.js';
import { decodeVolumeHeader, encodeVolumeHeader, type VolumeHeader } from '../../../../src/formats/hfsplus/header.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import {
  emptyVolume,
  type NewVolumeOptions,
  planInPlace,
  planVolume,
  StagedVolume,
} from '../../../../src/formats/hfsplus/write/index.js';
import { expectClean } from '../../../helpers/clean-volume.js';
import { entry } from '../../../helpers/entries.js';
import { materialize } from '../../../helpers/materialize.js';
import { patient } from '../locate.js';

// What bases can be that no Apple tool made, or that something has damaged: nothing of them is lost, and nothing goes on for ever.

const NOW = 3_600_000_000;
const BLOCK = 4096;
const open = (bytes: Uint8Array) => HfsVolume.open(fromBytes(bytes, 'volume'));
const staged = async (bytes: Uint8Array) => new StagedVolume(await open(bytes), { now: NOW });
const planned = async (bytes: Uint8Array, change: (on: StagedVolume) => Promise<void>, how: typeof planVolume) => {
  const on = await staged(bytes);
  await change(on);
  return how(on, { now: NOW });
};
const PLANS = [
  ['planVolume', planVolume],
  ['planInPlace', planInPlace as unknown as typeof planVolume],
] as const;

/** A volume with these files and some free blocks. */
async function made(
  fill: (on: StagedVolume) => Promise<void>,
  options: Partial<NewVolumeOptions> = {},
): Promise<Uint8Array> {
  const on = new StagedVolume(await HfsVolume.open(await emptyVolume({ name: 'Made', created: NOW, ...options })), {
    now: NOW,
  });
  await fill(on);
  return materialize(await planVolume(on, { now: NOW, reserveBlocks: 100 }));
}

/** Both headers with other fields. */
function withHeader(bytes: Uint8Array, over: (header: VolumeHeader) => Partial<VolumeHeader>): Uint8Array {
  const changed = bytes.slice();
  const header = decodeVolumeHeader(bytes.subarray(1024, 1536), { file: 'volume', structure: 'header', offset: 1024 });
  const encoded = encodeVolumeHeader({ ...header, ...over(header) });
  for (const at of [1024, bytes.length - 1024]) changed.set(encoded, at);
  return changed;
}

const put = (on: StagedVolume) => on.put(entry(['new'], { text: 'new' }));

describe('a folder that is inside itself', () => {
  it('is a FormatError to whoever goes through the volume, as it is and as it will be', async () => {
    const bytes = await made(async (on) => {
      await on.put(entry(['A']));
      await on.put(entry(['A', 'B']));
    });
    const on = patient(bytes);
    const [outer, inner] = [await on.record('A'), await on.record('A', 'B')];
    on.view.setUint32(inner.record + 8, outer.cnid);
    const walk = async (tree: HfsVolume | StagedVolume) => {
      for await (const _ of tree.walk());
    };
    const again = /expected each folder once, found CNID \d+ again at \/A\/B/;
    await expect(walk(await open(bytes))).rejects.toThrow(again);
    await expect(walk(await staged(bytes))).rejects.toThrow(again);
  });

  it('folders in each other beyond any depth end, too', async () => {
    const path = Array.from({ length: 1030 }, () => 'd');
    const bytes = await made(async (on) => {
      for (let depth = 1; depth <= path.length; depth++) await on.put(entry(path.slice(0, depth)));
    });
    const walk = async () => {
      for await (const _ of (await open(bytes)).walk());
    };
    await expect(walk()).rejects.toThrow(/at most 1024 folders in each other/);
  });
});

it('a hard link whose file is lost is a FormatError, not an empty file', async () => {
  const bytes = await made(async (on) => {
    for (const name of ['a', 'b']) await on.put(entry([name], { text: 'shared', link: 1 }));
  });
  const on = patient(bytes);
  on.view.setUint32((await on.record('a')).record + 44, 999);
  await expect((await staged(bytes)).file(['a'])).rejects.toThrow(/hard link at byte 0: expected iNode999, found none/);
  await expect((await open(bytes)).file(['a'])).rejects.toThrow(FormatError);
});

describe.each(PLANS)('%s', (_, plan) => {
  it('gives no block away that a file has that stays', async () => {
    const bytes = await made(async (on) => {
      for (const name of ['a', 'b']) await on.put(entry([name], { text: name.repeat(4) }));
    });
    const on = patient(bytes);
    const [a, b] = [await on.record('a'), await on.record('b')];
    // The data fork's first extent.
    on.view.setUint32(b.record + 88 + 16, on.view.getUint32(a.record + 88 + 16));
    for (const change of [
      (volume: StagedVolume) => volume.remove(['a']),
      (volume: StagedVolume) => volume.put(entry(['b'], { text: 'other' })),
    ])
      await expect(planned(bytes, change, plan)).rejects.toThrow(/expected blocks that no other file has/);
  });

  it('takes no volume whose files have more blocks than it has', async () => {
    const bytes = await made(async (on) => {
      for (let i = 0; i < 20; i++) await on.put(entry([`${i}`], { text: 'x' }));
    });
    const on = patient(bytes);
    const total = on.view.getUint32(1024 + 44);
    for (let i = 0; i < 20; i++) {
      const fork = (await on.record(`${i}`)).record + 88;
      on.view.setUint32(fork + 16, 0);
      on.view.setUint32(fork + 20, total - 110);
    }
    await expect(planned(bytes, put, plan)).rejects.toThrow(/expected blocks of its own|blocks marked as used/);
  });

  it('takes an empty journal for a clean end only where one was kept', async () => {
    const bytes = await made(put, { journaled: true });
    const last = (version: string) =>
      withHeader(bytes, (header) => ({ attributes: header.attributes & ~0x100, lastMountedVersion: version }));
    await planned(last('HFSJ'), put, plan);
    await expect(planned(last('H+Lx'), put, plan)).rejects.toThrow(/not unmounted cleanly/);
    const unborn = last('HFSJ');
    const view = new DataView(unborn.buffer, unborn.byteOffset);
    view.setUint32(view.getUint32(1024 + 12) * BLOCK, 1 | 4); // in the file system, to be made
    await expect(planned(unborn, put, plan)).rejects.toThrow(/not unmounted cleanly/);
  });

  it('gives no number to anything new that something has', async () => {
    const bytes = withHeader(await made((on) => on.put(entry(['a'], { text: 'a' }))), () => ({ nextCatalogID: 16 }));
    await expect(planned(bytes, put, plan)).rejects.toThrow(
      /volume header at byte 1088: expected a nextCatalogID above 16, which is in use, found 16/,
    );
  });
});

it('planInPlace writes all of the allocation file’s last block, whatever was in it', async () => {
  const made200 = await made(put);
  const bytes = withHeader(made200, ({ allocationFile, totalBlocks }) => ({
    allocationFile: { ...allocationFile, logicalSize: Math.ceil(totalBlocks / 8) },
  }));
  const { header } = await open(bytes);
  const map = bytes.slice(header.allocationFile.extents[0]!.startBlock * BLOCK);
  // Free blocks hold old data, as on any disk that was used.
  for (let block = 0; block < header.totalBlocks - 1; block++) {
    if ((map[block >> 3]! & (0x80 >> (block & 7))) === 0) bytes.fill(0xee, block * BLOCK, (block + 1) * BLOCK);
  }
  await expectClean(bytes);
  const on = await staged(bytes);
  await on.put(entry(['newer'], { text: 'newer' }));
  const after = bytes.slice();
  const plan = await planInPlace(on, { now: NOW });
  for (const { offset, length, source, from } of plan.extents) after.set(await source.read(from, length), offset);
  for (const { offset, bytes: written } of plan.headers) after.set(written, offset);
  await expectClean(after);
});

it('trees whose nodes are too small for what is put are refused, in words', async () => {
  const on = await staged(await made(put));
  Object.defineProperty(on, 'attributesNodeSize', { value: 512 });
  const small = (name: string) => ({ name, value: fromBytes(Buffer.from('1'), 'x') });
  await on.put(entry(['a'], { text: 'a', xattrs: [small('short')] }));
  const bytes = await materialize(await planVolume(on, { now: NOW }));
  const again = await staged(bytes);
  await again.remove(['a']);
  for (let i = 0; i < 3; i++)
    await again.put(entry([`f${i}`], { text: 'f', xattrs: [small(`${'n'.repeat(125)}${i}`)] }));
  await expect(planVolume(again, { now: NOW })).rejects.toThrow(/attributes tree has nodes of 512 bytes/);
});

it.each([1, 47, 48, 63, 100, 129, 140, 152, 300])('text encoding %i has the bits that it must have', async (code) => {
  await expectClean(await made((on) => on.put(entry(['a'], { text: 'a', textEncoding: code }))));
});

describe('checkVolume', () => {
  it('goes on where something cannot be read', async () => {
    const bytes = await made((on) => on.put(entry(['l'], { kind: 'symlink', text: 'target' })));
    const { header } = await open(bytes);
    const link = (await (await open(bytes)).lookup(['l']))!.record;
    if (link.kind !== 'file') expect.unreachable();
    for (const { startBlock } of [link.data.extents[0]!, header.allocationFile.extents[0]!]) {
      const at = startBlock * BLOCK;
      const whole = fromBytes(bytes, 'x.dmg');
      const where = { file: 'x.dmg', structure: 'zlib run', offset: at, expected: 'a stream', found: 'none' };
      const source = {
        ...{ name: whole.name, size: whole.size },
        async read(offset: number, length: number) {
          if (offset < at + BLOCK && offset + length > at) throw new FormatError(where);
          return whole.read(offset, length);
        },
      };
      const found = (await checkVolume(source)).map(({ text }) => text);
      expect(found).toContain(`zlib run, byte ${at} of x.dmg: expected a stream, found none.`);
    }
  });

  it('sees a startup file without blocks that has extents', async () => {
    const bytes = withHeader(await made(put), () => ({
      startupFile: { logicalSize: 0, clumpSize: BLOCK, totalBlocks: 0, extents: [{ startBlock: 1, blockCount: 2 }] },
    }));
    expect((await checkVolume(fromBytes(bytes, 'volume'))).map(({ text }) => text).join('\n')).toMatch(/startup file/);
  });
});
