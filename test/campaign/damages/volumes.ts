import { readFileSync } from 'node:fs';
import { fromBytes } from '../../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../../src/formats/disk.js';
import type { Entry } from '../../../src/formats/entry.js';
import { compareExtentKeys, encodeExtentKey } from '../../../src/formats/hfsplus/extent-record.js';
import type { Extent } from '../../../src/formats/hfsplus/fork-data.js';
import {
  ALTERNATE_HEADER_FROM_END,
  encodeVolumeHeader,
  VOLUME_HEADER_OFFSET,
} from '../../../src/formats/hfsplus/header.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../src/formats/hfsplus/write/index.js';
import { buildTree } from '../../../src/formats/hfsplus/write/tree-builder.js';
import { buildIso } from '../../helpers/built-iso.js';
import { entry, noise, SOME_DATE } from '../../helpers/entries.js';
import { materialize } from '../../helpers/materialize.js';

/** The volume of a finished ISO, as the command line builds it from the smallest installer. */
export async function finishedIso(): Promise<Uint8Array> {
  const { iso } = await buildIso({ scale: 0.0001 });
  const { partition } = await openVolume(await openDisk(fromBytes(readFileSync(iso), iso)));
  return new Uint8Array(await partition.source.read(0, partition.source.size));
}

interface Intricate {
  readonly blockSize: number;
  readonly caseSensitive: boolean;
  readonly journaled: boolean;
  readonly mapNode?: boolean;
  /** A tenth of everything. */
  readonly few?: boolean;
}

/** More than the header node of a tree with nodes of 512 bytes has bits for. */
const NODES_WITH_MAP = 2100;

/** A volume with everything that an installer's has seldom or never: forks and attributes in many pieces, links, lists of access, levels. */
export async function intricate({ mapNode = false, few = false, ...options }: Intricate): Promise<Uint8Array> {
  const { blockSize } = options;
  const empty = await emptyVolume({ name: 'Intricate', created: SOME_DATE, extentsNodeSize: 512, ...options });
  const staged = new StagedVolume(await HfsVolume.open(empty), { now: SOME_DATE });
  for (const one of entries(blockSize, few ? 0.1 : 1)) await staged.put(one);
  const plan = await planVolume(staged, {
    now: SOME_DATE,
    reserveBlocks: mapNode ? NODES_WITH_MAP + 40 : 40,
    bless: { folder: ['folder'], file: ['folder', 'plain 1'] },
    uuidSeed: noise('uuid', 8),
    fragmentForTests: (path) => (path.at(-1)!.startsWith('pieces') ? 1 : undefined),
  });
  const bytes = new Uint8Array(await materialize(plan));
  return mapNode ? withMapNode(bytes) : bytes;
}

function* entries(blockSize: number, share: number): Generator<Entry> {
  const many = (count: number) => Math.ceil(count * share);
  const data = (name: string, length: number) => fromBytes(noise(name, length), name);
  const xattr = (name: string, length: number) => ({ name, value: data(name, length) });
  yield entry(['folder']);
  for (let i = 0; i < many(60); i++)
    yield entry(['folder', `plain ${i}`], { data: data(`plain ${i}`, (i * 37) % 3000) });
  // Long names make index nodes wide: three levels of them.
  for (let i = 0; i < many(100); i++) yield entry([`${'long '.repeat(48)}${i}`], { text: `long ${i}` });
  for (let i = 0; i < 4; i++) {
    yield entry(['folder', `sub ${i}`]);
    yield entry(['folder', `sub ${i}`, 'deeper'], { xattrs: [xattr('small', 20 + i)] });
    yield entry(['folder', `sub ${i}`, 'deeper', 'leaf'], { text: 'x', flags: 1 });
  }
  for (let i = 0; i < many(30); i++)
    yield entry(['folder', `attribute ${i}`], { text: 'x', xattrs: [xattr('medium', 600)] });
  for (let i = 0; i < many(10); i++) {
    const resource = data(`resource ${i}`, blockSize * (9 + i));
    yield entry([`pieces ${i}`], { data: data(`pieces ${i}`, blockSize * (5 + i * 4)), resource });
    yield entry([`pieces with attributes ${i}`], {
      text: 'attributes',
      xattrs: [xattr('in the record', 100), xattr('in a fork', blockSize * (7 + i * 3) + 4000), xattr('empty', 0)],
    });
  }
  for (let i = 0; i < 3; i++) yield entry([`link ${i}`], { kind: 'symlink', text: 'folder/plain 1' });
  for (let i = 0; i < 7; i++) yield entry(['folder', `name ${i}`], { text: 'one file', link: 1 + (i % 2) });
  yield entry(['guarded'], { text: 'guarded', xattrs: [xattr('com.apple.system.Security', 68)] });
  yield entry(['device'], {
    kind: 'special',
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o20644, special: 0x3000002 },
  });
  const compressed = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0x20, mode: 0o100644, special: 0 };
  yield entry(['compressed'], {
    data: fromBytes(new Uint8Array(0), ''),
    bsd: compressed,
    xattrs: [xattr('com.apple.decmpfs', 48)],
  });
}

/**
 * The same volume with an extents file of so many nodes that its map needs a node of its own: in the room of `ROOM_FOR_MAP` blocks
 * behind the last file.
 */
async function withMapNode(bytes: Uint8Array): Promise<Uint8Array> {
  const { header, extentsTree } = await HfsVolume.open(fromBytes(bytes.slice(), 'volume'));
  const { blockSize, totalBlocks } = header;
  const format = {
    ...extentsTree.header,
    name: 'extents overflow',
    encode: encodeExtentKey,
    compare: compareExtentKeys,
  };
  const built = await buildTree(extentsTree.records(), format, { multiple: blockSize, minimumNodes: NODES_WITH_MAP });
  const blocks = built.source.size / blockSize;
  const extent = { startBlock: totalBlocks - 2 - blocks, blockCount: blocks };
  bytes.set(await built.source.read(0, built.source.size), extent.startBlock * blockSize);
  const old = header.extentsFile;
  const bitmap = header.allocationFile.extents[0]!.startBlock * blockSize;
  const mark = ({ startBlock, blockCount }: Extent, used: boolean) => {
    for (let block = startBlock; block < startBlock + blockCount; block++) {
      const [at, bit] = [bitmap + (block >> 3), 0x80 >> (block & 7)];
      bytes[at] = used ? bytes[at]! | bit : bytes[at]! & ~bit;
    }
  };
  for (const one of old.extents) mark(one, false);
  mark(extent, true);
  const changed = encodeVolumeHeader({
    ...header,
    freeBlocks: header.freeBlocks + old.totalBlocks - blocks,
    extentsFile: { ...old, logicalSize: built.source.size, totalBlocks: blocks, extents: [extent] },
  });
  bytes.set(changed, VOLUME_HEADER_OFFSET);
  bytes.set(changed, bytes.length - ALTERNATE_HEADER_FROM_END);
  return bytes;
}
