import { journalChecksum } from '../../../src/formats/hfsplus/journal.js';
import type { Patient } from './locate.js';
import type { VolumeName } from './volumes.js';

/** A fault planted into a good volume. */
export interface Damage {
  readonly name: string;
  readonly volume: VolumeName;
  readonly plant: (on: Patient) => void | Promise<void>;
  /** What the finding's sentence must say. */
  readonly finding: RegExp;
}

const INODES = '\0\0\0\0HFS+ Private Data';
const add32 = ({ view }: Patient, at: number, by: number) => view.setUint32(at, (view.getUint32(at) + by) >>> 0);
const add16 = ({ view }: Patient, at: number, by: number) => view.setUint16(at, view.getUint16(at) + by);
/** Byte of the allocation file that holds a block's bit. */
const bitmapByte = ({ view }: Patient, block: number) =>
  view.getUint32(1024 + 128) * view.getUint32(1024 + 40) + (block >>> 3);

export const DAMAGES: readonly Damage[] = [
  // Volume headers
  { name: 'freeBlocks too high', volume: 'small', plant: (on) => add32(on, 1024 + 48, 1), finding: /freeBlocks/ },
  { name: 'fileCount too high', volume: 'small', plant: (on) => add32(on, 1024 + 32, 1), finding: /fileCount/ },
  { name: 'folderCount too low', volume: 'small', plant: (on) => add32(on, 1024 + 36, -1), finding: /folderCount/ },
  {
    name: 'nextCatalogID in use',
    volume: 'small',
    plant: (on) => on.view.setUint32(1024 + 64, 20),
    finding: /a CNID from 16 to below 20/,
  },
  {
    name: 'not unmounted cleanly',
    volume: 'small',
    plant: (on) => on.view.setUint32(1024 + 4, 0x8000_0000),
    finding: /bit 8/,
  },
  {
    name: 'alternate header gone',
    volume: 'small',
    plant: ({ bytes }) => void bytes.fill(0, bytes.length - 1024, bytes.length - 512),
    finding: /alternate volume header.*H\+ or HX/,
  },
  {
    name: 'nextAllocation outside',
    volume: 'small',
    plant: (on) => on.view.setUint32(1024 + 52, 5000),
    finding: /nextAllocation/,
  },
  {
    name: 'blessed folder missing',
    volume: 'small',
    plant: (on) => on.view.setUint32(1024 + 80, 4711),
    finding: /finderInfo\[0\].*4711/,
  },
  {
    name: 'catalog fork longer than its blocks',
    volume: 'small',
    plant: (on) => add32(on, 1024 + 272 + 4, 65536),
    finding: /catalog file/,
  },
  {
    name: 'journal not empty',
    volume: 'brew',
    plant: ({ bytes, view }) => {
      const at = Number(view.getBigUint64(view.getUint32(1024 + 12) * 4096 + 36));
      view.setBigUint64(at + 16, view.getBigUint64(at + 16, true) + 512n, true);
      view.setUint32(at + 36, journalChecksum(bytes.subarray(at, at + 44)), true);
    },
    finding: /an empty journal/,
  },
  {
    name: 'clump size of data forks',
    volume: 'small',
    plant: (on) => add32(on, 1024 + 60, 1),
    finding: /dataClumpSize/,
  },
  {
    name: 'clump size of the catalog',
    volume: 'small',
    plant: (on) => add32(on, 1024 + 272 + 8, 1),
    finding: /catalogFile.clumpSize/,
  },
  {
    name: 'text encoding not in the bitmap',
    volume: 'small',
    plant: (on) => on.view.setUint8(1024 + 79, 0),
    finding: /encodingsBitmap/,
  },
  {
    name: 'HFSX without folder counts',
    volume: 'small',
    plant: ({ bytes, view }) => {
      for (const at of [1024, bytes.length - 1024]) view.setUint32(at, 0x48580005);
    },
    finding: /flag HasFolderCount, as on every folder of HFSX/,
  },
  // Allocation file
  {
    name: 'used block marked free',
    volume: 'small',
    plant: (on) => {
      on.bytes[bitmapByte(on, 0)]! &= 0x7f;
    },
    finding: /block 0: .*1 marked free/,
  },
  {
    name: 'free block marked used',
    volume: 'small',
    plant: (on) => {
      on.bytes[bitmapByte(on, 247)]! |= 1;
    },
    finding: /block 247: .*1 marked used/,
  },
  // B-trees
  {
    name: 'leafRecords',
    volume: 'small',
    plant: (on) => add32(on, on.tree('catalogFile') + 14 + 6, 1),
    finding: /leafRecords/,
  },
  {
    name: 'freeNodes',
    volume: 'small',
    plant: (on) => add32(on, on.tree('catalogFile') + 14 + 26, 1),
    finding: /freeNodes/,
  },
  {
    name: 'totalNodes',
    volume: 'small',
    plant: (on) => add32(on, on.tree('catalogFile') + 14 + 22, -1),
    finding: /totalNodes/,
  },
  {
    name: 'treeDepth',
    volume: 'small',
    plant: (on) => add16(on, on.tree('catalogFile') + 14, 1),
    finding: /height/,
  },
  {
    name: 'lastLeafNode',
    volume: 'small',
    plant: (on) => on.view.setUint32(on.tree('catalogFile') + 14 + 14, 4),
    finding: /lastLeafNode/,
  },
  {
    name: 'forward link of a leaf',
    volume: 'small',
    plant: (on) => on.view.setUint32(on.node(4), 7),
    finding: /node 4, fLink/,
  },
  {
    name: 'backward link of a leaf',
    volume: 'small',
    plant: (on) => on.view.setUint32(on.node(1) + 4, 7),
    finding: /node 1, bLink/,
  },
  {
    name: 'height of a leaf',
    volume: 'small',
    plant: (on) => on.view.setUint8(on.node(4) + 9, 2),
    finding: /node 4, height/,
  },
  {
    name: 'kind of a leaf',
    volume: 'small',
    plant: (on) => on.view.setInt8(on.node(4) + 8, 0),
    finding: /node 4, kind/,
  },
  {
    name: 'number of records of a leaf',
    volume: 'small',
    plant: (on) => add16(on, on.node(4) + 10, 1),
    finding: /node 4/,
  },
  {
    name: 'record offset',
    volume: 'small',
    plant: (on) => on.view.setUint16(on.node(4) + 4096 - 6, 3),
    finding: /record offset/,
  },
  {
    name: 'key length',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('hello.txt')).key, 600),
    finding: /key length/,
  },
  {
    name: 'keys out of order',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('files', 'first')).key + 8, 0x7a),
    finding: /a key above the one before/,
  },
  {
    name: 'index key is not the first of its child',
    volume: 'small',
    plant: (on) => add32(on, on.node(3) + 14 + 2 + 526 * 0 + 0, 1),
    finding: /first key/,
  },
  {
    name: 'map bit of a used node',
    volume: 'small',
    plant: (on) => {
      on.bytes[on.tree('catalogFile') + 248]! &= 0xef;
    },
    finding: /the map/,
  },
  {
    name: 'unused node not zeros',
    volume: 'small',
    plant: (on) => {
      on.bytes[on.node(15) + 100] = 1;
    },
    finding: /node 15, an unused node/,
  },
  // Catalog
  {
    name: 'thread with another name',
    volume: 'small',
    plant: async (on) => {
      const { cnid } = await on.record('files', 'script.sh');
      on.view.setUint16((await on.thread(cnid)).record + 10, 0x78);
    },
    finding: /another name/,
  },
  {
    name: 'thread with another parent',
    volume: 'small',
    plant: async (on) => {
      const { cnid } = await on.record('files', 'script.sh');
      on.view.setUint32((await on.thread(cnid)).record + 4, 2);
    },
    finding: /parent 2/,
  },
  {
    name: 'valence',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('files')).record + 4, 1),
    finding: /valence/,
  },
  {
    name: 'CNID of a file',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record('hello.txt')).record + 8, 41),
    finding: /a CNID used once/,
  },
  {
    name: 'record type',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('hello.txt')).record, 9),
    finding: /a catalog record type/,
  },
  {
    name: 'mode of no file type',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('hello.txt')).record + 42, 0o110644),
    finding: /the mode of a file/,
  },
  {
    name: 'no flag ThreadExists',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('hello.txt')).record + 2, 0),
    finding: /ThreadExists/,
  },
  {
    name: 'compressed without com.apple.decmpfs',
    volume: 'small',
    plant: async (on) => on.view.setUint8((await on.record('hello.txt')).record + 41, 0x20),
    finding: /com.apple.decmpfs/,
  },
  // Extents
  {
    name: 'two files share a block',
    volume: 'small',
    plant: async (on) => {
      const first = (await on.record('hello.txt')).record;
      const second = (await on.record('files', 'first')).record;
      on.view.setUint32(first + 88 + 16, on.view.getUint32(second + 88 + 16));
    },
    finding: /overlapping/,
  },
  {
    name: 'extent outside the volume',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record('hello.txt')).record + 88 + 16, 100_000),
    finding: /blocks below 256/,
  },
  {
    name: 'total blocks of a fork',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('hello.txt')).record + 88 + 12, 1),
    finding: /1 blocks, as in its extents/,
  },
  {
    name: 'fork larger than its blocks',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('hello.txt')).record + 88 + 4, 8192),
    finding: /a size of at most 4096/,
  },
  // Hard links
  {
    name: 'link without its inode',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('files', 'link1')).record + 44, 1000),
    finding: /an inode iNode1029/,
  },
  {
    name: 'link count',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record(INODES, 'iNode29')).record + 44, 1),
    finding: /3 links, found 2/,
  },
  {
    name: 'chain: link before',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record('files', 'link1')).record + 32, 22),
    finding: /the link before/,
  },
  {
    name: 'chain: next link',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record('files', 'link2')).record + 36, 0),
    finding: /hard link chain/,
  },
  {
    name: 'chain: first link',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record(INODES, 'iNode29')).record + 4, 22),
    finding: /links to this inode/,
  },
  {
    name: 'chain flag on a plain file',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('hello.txt')).record + 2, 0x22),
    finding: /HasLinkChain only/,
  },
  {
    name: 'link of another date than its folder',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('files', 'link1')).record + 12, 5),
    finding: /a create date/,
  },
  {
    name: 'link with a data fork',
    volume: 'small',
    plant: async (on) => {
      const hello = (await on.record('hello.txt')).record;
      const link = (await on.record('files', 'link1')).record;
      on.bytes.copyWithin(link + 88, hello + 88, hello + 168);
      on.bytes.fill(0, hello + 88, hello + 168);
    },
    finding: /no forks on a hard link/,
  },
  {
    name: 'plain file with a link count',
    volume: 'small',
    plant: async (on) => on.view.setUint32((await on.record('hello.txt')).record + 44, 2),
    finding: /a link count of 1/,
  },
  {
    name: 'folder with a flag of files',
    volume: 'small',
    plant: async (on) => on.view.setUint16((await on.record('files')).record + 2, 2),
    finding: /no flags 1 and 2 on a folder/,
  },
  {
    name: 'bit beyond the last block',
    volume: 'keramics',
    plant: (on) => {
      on.bytes[bitmapByte(on, 471)]! |= 1;
    },
    finding: /beyond the last block/,
  },
  // Symbolic links, attributes
  {
    name: 'symbolic link with a NUL',
    volume: 'small',
    plant: async (on) => add32(on, (await on.record('files', 'third')).record + 88 + 4, 3),
    finding: /a NUL after 5/,
  },
  {
    name: 'flag HasAttributes missing',
    volume: 'keramics',
    plant: async (on) => on.view.setUint16((await on.record('testdir1', 'xattr1')).record + 2, 2),
    finding: /flag HasAttributes set/,
  },
  {
    name: 'flag HasAttributes without an attribute',
    volume: 'keramics',
    plant: async (on) => on.view.setUint16((await on.record('emptyfile')).record + 2, 6),
    finding: /flag HasAttributes clear/,
  },
  {
    name: 'flag HasSecurity without an ACL',
    volume: 'keramics',
    plant: async (on) => on.view.setUint16((await on.record('emptyfile')).record + 2, 10),
    finding: /flag HasSecurity clear/,
  },
  {
    name: 'attribute of nobody',
    volume: 'keramics',
    plant: async (on) => {
      const { cnid } = await on.record('testdir1', 'xattr2');
      on.view.setUint32((await on.attribute(cnid)).key + 4, 4711);
    },
    finding: /a file or folder with this CNID/,
  },
  {
    name: 'attribute fork: total blocks',
    volume: 'keramics',
    plant: async (on) => {
      const { cnid } = await on.record('testdir1', 'large_xattr');
      add32(on, (await on.attribute(cnid)).record + 8 + 12, 1);
    },
    finding: /2 blocks, as in its extents/,
  },
  {
    name: 'attribute record type',
    volume: 'keramics',
    plant: async (on) => {
      const { cnid } = await on.record('testdir1', 'xattr1');
      on.view.setUint32((await on.attribute(cnid)).record, 0x40);
    },
    finding: /attribute record type/,
  },
  {
    name: 'catalog btreeType',
    volume: 'small',
    plant: (on) => on.view.setUint8(on.tree('catalogFile') + 14 + 36, 1),
    finding: /catalog B-tree header.*btreeType: expected 0, found 1/,
  },
  {
    name: 'extent behind the first empty one in the header',
    volume: 'small',
    plant: (on) => on.view.setUint32(1024 + 272 + 16 + 3 * 8 + 4, 5),
    finding: /catalogFile, extent 3: expected zeros behind the first empty extent, found 5 blocks from 0/,
  },
  {
    name: 'extent behind the first empty one of a file',
    volume: 'keramics',
    plant: async (on) => on.view.setUint32((await on.record('testdir1', 'testfile1')).record + 88 + 16 + 8, 77),
    finding: /data fork, extent 1.*0 blocks from 77/,
  },
  {
    name: 'extent behind the first empty one of a resource fork',
    volume: 'keramics',
    plant: async (on) => on.view.setUint32((await on.record('testdir1', 'testfile1')).record + 168 + 16 + 60, 9),
    finding: /resource fork, extent 7.*9 blocks from 0/,
  },
];
