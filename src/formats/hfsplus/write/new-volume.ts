import type { ByteSource } from '../../bytes.js';
import { fromBytes } from '../../bytes.js';
import { readWhole } from '../../whole.js';
import { BTreeAttribute, KeyCompare } from '../btree-header.js';
import { CATALOG_MAX_KEY_LENGTH, type CatalogKey, catalogKeyOrder, encodeCatalogKey } from '../catalog-key.js';
import { CatalogFlag, type CatalogRecord, encodeCatalogRecord } from '../catalog-record.js';
import { compareExtentKeys, EXTENT_MAX_KEY_LENGTH, encodeExtentKey } from '../extent-record.js';
import { EMPTY_FORK, type ForkData } from '../fork-data.js';
import {
  ALTERNATE_HEADER_FROM_END,
  Cnid,
  encodeVolumeHeader,
  VOLUME_HEADER_OFFSET,
  VolumeAttribute,
  type VolumeHeader,
} from '../header.js';
import { compareBinary, compareCaseInsensitive } from '../names.js';
import { AppendAllocator } from './allocator.js';
import { Bitmap } from './bitmap.js';
import { blocksFor, headBlocks, tailBlocks } from './geometry.js';
import { emptyJournal, type JournalParts } from './new-journal.js';
import { type BuiltTree, buildTree, type TreeFormat, type TreeRecord } from './tree-builder.js';

/** What a new volume is to be like. Sizes in bytes, `created` an HFS+ date (seconds since 1904). */
export interface NewVolumeOptions {
  /** As stored: decomposed, at most 255 UTF-16 units. */
  readonly name: string;
  readonly created: number;
  /** A power of two from 512; default 4096. */
  readonly blockSize?: number;
  /** HFSX with binary comparison of names. */
  readonly caseSensitive?: boolean;
  /** With a clean journal of 512 KiB inside the volume. */
  readonly journaled?: boolean;
  readonly catalogNodeSize?: number;
  readonly extentsNodeSize?: number;
}

/**
 * The bytes of the smallest empty HFS+ volume, to be opened with HfsVolume.open and staged upon: the start of a volume that is
 * made anew. No attributes file; it comes with the first extended attribute.
 */
export async function emptyVolume(options: NewVolumeOptions): Promise<ByteSource> {
  const { blockSize = 4096, caseSensitive = false, created, name } = options;
  const blocks = new AppendAllocator(headBlocks(blockSize));
  const fork = (bytes: number, clumpSize = Math.max(bytes, blockSize)): ForkData => {
    const totalBlocks = blocksFor(bytes, blockSize);
    return { logicalSize: bytes, clumpSize, totalBlocks, extents: blocks.take(totalBlocks) };
  };
  const allocationFile = fork(blockSize);
  const journal = options.journaled ? emptyJournal(fork, blockSize, created) : undefined;
  const extents = await buildTree([], extentsFormat(options.extentsNodeSize ?? 4096, blockSize), {
    multiple: blockSize,
  });
  const catalog = await buildTree(
    firstRecords(name, created, caseSensitive, journal),
    catalogFormat(options, blockSize),
    {
      multiple: blockSize,
    },
  );
  const extentsFile = fork(extents.source.size);
  const catalogFile = fork(catalog.source.size);
  const totalBlocks = blocks.end + tailBlocks(blockSize);
  const volume = new Uint8Array(totalBlocks * blockSize);
  const bitmap = new Bitmap(totalBlocks, blockSize);
  bitmap.use({ startBlock: 0, blockCount: totalBlocks });
  const place = (file: ForkData, bytes: Uint8Array) => volume.set(bytes, file.extents[0]!.startBlock * blockSize);
  place(allocationFile, bitmap.bytes);
  place(extentsFile, await whole(extents));
  place(catalogFile, await whole(catalog));
  for (const part of journal?.parts ?? []) place(part.fork, part.bytes);
  const header = encodeVolumeHeader({
    signature: caseSensitive ? 'HX' : 'H+',
    version: caseSensitive ? 5 : 4,
    attributes: VolumeAttribute.unmounted + VolumeAttribute.unusedNodeFix + (journal ? VolumeAttribute.journaled : 0),
    lastMountedVersion: journal ? 'HFSJ' : '10.0',
    journalInfoBlock: journal?.infoBlock ?? 0,
    created,
    modified: created,
    backedUp: 0,
    checked: created,
    fileCount: journal?.parts.length ?? 0,
    folderCount: 0,
    blockSize,
    totalBlocks,
    freeBlocks: 0,
    nextAllocation: 0,
    resourceClumpSize: Math.max(blockSize, 65536),
    dataClumpSize: Math.max(blockSize, 65536),
    nextCatalogID: Cnid.firstUser + (journal?.parts.length ?? 0),
    writeCount: 0,
    encodingsBitmap: 1n,
    finderInfo: new Uint8Array(32),
    allocationFile,
    extentsFile,
    catalogFile,
    attributesFile: EMPTY_FORK,
    startupFile: EMPTY_FORK,
  } satisfies VolumeHeader);
  volume.set(header, volume.length - ALTERNATE_HEADER_FROM_END);
  volume.set(header, VOLUME_HEADER_OFFSET);
  return fromBytes(volume, name);
}

/** The format of a catalog made anew. */
function catalogFormat(options: NewVolumeOptions, blockSize: number): TreeFormat<CatalogKey> {
  const { caseSensitive = false, catalogNodeSize: nodeSize = 4096 } = options;
  return {
    name: 'catalog',
    nodeSize,
    maxKeyLength: CATALOG_MAX_KEY_LENGTH,
    clumpSize: Math.max(nodeSize, blockSize) * 8,
    btreeType: 0,
    keyCompareType: caseSensitive ? KeyCompare.binary : KeyCompare.caseFolding,
    attributes: BTreeAttribute.bigKeys | BTreeAttribute.variableIndexKeys,
    encode: encodeCatalogKey,
    compare: catalogKeyOrder(caseSensitive ? compareBinary : compareCaseInsensitive),
  };
}

function extentsFormat(nodeSize: number, blockSize: number) {
  return {
    name: 'extents overflow',
    nodeSize,
    maxKeyLength: EXTENT_MAX_KEY_LENGTH,
    clumpSize: Math.max(nodeSize, blockSize) * 8,
    btreeType: 0,
    keyCompareType: 0,
    attributes: BTreeAttribute.bigKeys,
    encode: encodeExtentKey,
    compare: compareExtentKeys,
  };
}

/** The root folder, its thread, the journal's files. */
function firstRecords(
  name: string,
  created: number,
  caseSensitive: boolean,
  journal: JournalParts | undefined,
): TreeRecord<CatalogKey>[] {
  const record = (key: CatalogKey, value: CatalogRecord): TreeRecord<CatalogKey> => ({
    key,
    record: encodeCatalogRecord(value),
  });
  const dates = { created, modified: created, changed: created, accessed: created, backedUp: 0 };
  const files = journal?.parts ?? [];
  const thread = { reserved: 0, parentID: Cnid.root } as const;
  return [
    record(
      { parentID: Cnid.rootParent, name },
      {
        kind: 'folder',
        flags: caseSensitive ? CatalogFlag.hasFolderCount : 0,
        valence: files.length,
        cnid: Cnid.root,
        dates,
        bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o40755, special: 0 },
        finderInfo: new Uint8Array(32),
        textEncoding: 0,
        folderCount: 0,
      },
    ),
    record({ parentID: Cnid.root, name: '' }, { kind: 'folder-thread', reserved: 0, parentID: Cnid.rootParent, name }),
    ...files.map((file) => record({ parentID: Cnid.root, name: file.name }, file.record)),
    ...files.map((file) =>
      record({ parentID: file.record.cnid, name: '' }, { kind: 'file-thread', ...thread, name: file.name }),
    ),
  ];
}

/** A new volume has a handful of files. */
const whole = (tree: BuiltTree) => readWhole(tree.source, { what: 'tree of a new volume', most: 64 << 20 });
