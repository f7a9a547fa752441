import {
  ATTRIBUTE_MAX_KEY_LENGTH,
  type AttributeKey,
  compareAttributeKeys,
  decodeAttributeRecord,
  encodeAttributeKey,
  encodeAttributeRecord,
} from '../attribute-record.js';
import type { BTree } from '../btree.js';
import { BTreeAttribute } from '../btree-header.js';
import { encodeCatalogKey } from '../catalog-key.js';
import { CatalogFlag, type CatalogRecord, decodeCatalogRecord, encodeCatalogRecord } from '../catalog-record.js';
import {
  compareExtentKeys,
  decodeExtentRecord,
  type ExtentKey,
  encodeExtentKey,
  encodeExtentRecord,
  ForkType,
} from '../extent-record.js';
import { Cnid, VOLUME_HEADER_OFFSET } from '../header.js';
import { compareBinary } from '../names.js';
import type { HfsVolume } from '../volume.js';
import { fault } from '../where.js';
import type { Accounting } from './block-account.js';
import type { Item } from './item.js';
import { forkDataOf, type Layout, overflowOf } from './layout.js';
import { type Change, mergeRecords, noRecords } from './merge.js';
import type { StagedVolume } from './staging.js';
import { type BuiltTree, buildTree, type TreeFormat, type TreeOptions } from './tree-builder.js';

/** The three trees of the changed volume, and what their records add up to. */
export interface MergedTrees {
  readonly catalog: BuiltTree;
  readonly extents: BuiltTree;
  /** Absent where there is none and nothing needs one. */
  readonly attributes: BuiltTree | undefined;
  readonly fileCount: number;
  /** Without the root. */
  readonly folderCount: number;
}

type MergeOptions = Pick<TreeOptions, 'measureOnly'>;

/**
 * Merges the base volume's trees with the staged changes, new forks lying as `layout` says. `account` is told of all blocks of
 * the base volume that stay in use and of those that are given up. `measureOnly`: only the trees' sizes count.
 */
export async function mergeTrees(
  staged: StagedVolume,
  layout: Layout,
  account: Accounting,
  options: MergeOptions = {},
): Promise<MergedTrees> {
  const { blockSize: multiple } = staged.base.header;
  const counts = { files: 0, folders: 0 };
  const catalog = await buildCatalog(staged, layout, account, counts, { ...options, multiple });
  return {
    catalog,
    attributes: await buildAttributes(staged, layout, account, { ...options, multiple }),
    extents: await buildExtents(staged, layout, account, { ...options, multiple }),
    fileCount: counts.files,
    folderCount: counts.folders - 1,
  };
}

async function buildCatalog(
  staged: StagedVolume,
  layout: Layout,
  account: Accounting,
  counts: { files: number; folders: number },
  options: TreeOptions,
): Promise<BuiltTree> {
  const { base, catalog } = staged;
  const tree = base.catalog;
  const changes = catalog.changedKeys().map(({ key, item }) => ({
    key,
    record: item && encodeCatalogRecord(key.name === '' ? threadOf(item) : recordOf(item, layout)),
  }));
  const forks = (record: Uint8Array, tell: 'keep' | 'free', unless?: (cnid: number) => boolean) => {
    const file = decodeCatalogRecord(record, tree.where(0));
    expectOlder(file, base);
    if (file.kind !== 'file' || unless?.(file.cnid)) return;
    for (const fork of [file.data, file.resource]) account[tell](fork.extents, `file ${file.cnid}`);
  };
  const records = mergeRecords(
    {
      records: tree.records(),
      onKept: ({ record }) => forks(record, 'keep'),
      onDropped: ({ record }) => {
        const kept = (cnid: number) => keepsForks(staged, cnid);
        forks(record, 'free', kept);
        forks(record, 'keep', (cnid) => !kept(cnid));
      },
    },
    changes,
    tree.compare,
  );
  async function* counted() {
    for await (const record of records) {
      const type = record.record[1]!;
      if (type === 1) counts.folders++;
      if (type === 2) counts.files++;
      yield record;
    }
  }
  const format = { ...formatOf(tree, 'catalog'), encode: encodeCatalogKey };
  return buildTree(counted(), format, options);
}

/** What is new gets numbers from the header's next one on: nothing may have one of them. */
function expectOlder(record: CatalogRecord, { source, header }: HfsVolume): void {
  if ((record.kind !== 'file' && record.kind !== 'folder') || record.cnid < header.nextCatalogID) return;
  const where = { file: source.name, structure: 'volume header', offset: VOLUME_HEADER_OFFSET };
  const hint = 'Repair the volume first: fsck_hfs, or Disk Utility on a Mac.';
  throw fault(where, 64, `a nextCatalogID above ${record.cnid}, which is in use`, header.nextCatalogID, hint);
}

async function buildAttributes(
  staged: StagedVolume,
  layout: Layout,
  account: Accounting,
  options: TreeOptions,
): Promise<BuiltTree | undefined> {
  const tree = staged.base.attributes;
  const changes: Change<AttributeKey>[] = [];
  for (const item of staged.catalog.items) changes.push(...attributeChanges(item, layout));
  if (!tree && changes.length === 0) return undefined;
  changes.sort((a, b) => compareAttributeKeys(a.key, b.key));
  const tell = (what: 'keep' | 'free') => (record: { key: AttributeKey; record: Uint8Array }) => {
    const value = decodeAttributeRecord(record.record, tree!.where(0));
    const owner = `attribute of file ${record.key.fileID}`;
    if (value.kind === 'fork') account[what](value.fork.extents, owner);
    if (value.kind === 'extents') account[what](value.extents, owner);
  };
  const { catalog } = staged;
  const records = mergeRecords(
    {
      records: tree ? tree.records() : noRecords<AttributeKey>(),
      dropped: ({ key }) => catalog.isRemoved(key.fileID) || catalog.changed(key.fileID)?.xattrs !== undefined,
      onKept: tell('keep'),
      onDropped: tell('free'),
    },
    changes,
    compareAttributeKeys,
  );
  const { blockSize } = staged.base.header;
  const nodeSize = staged.attributesNodeSize;
  const format: TreeFormat<AttributeKey> = {
    name: 'attributes',
    nodeSize,
    maxKeyLength: ATTRIBUTE_MAX_KEY_LENGTH,
    clumpSize: Math.max(nodeSize, blockSize) * 8,
    btreeType: 0,
    keyCompareType: 0,
    attributes: BTreeAttribute.bigKeys | BTreeAttribute.variableIndexKeys,
    ...(tree ? formatOf(tree, 'attributes') : {}),
    encode: encodeAttributeKey,
    compare: compareAttributeKeys,
  };
  return buildTree(records, format, options);
}

async function buildExtents(
  staged: StagedVolume,
  layout: Layout,
  account: Accounting,
  options: TreeOptions,
): Promise<BuiltTree> {
  const tree = staged.base.extentsTree;
  const changes: Change<ExtentKey>[] = [];
  for (const item of staged.catalog.items) {
    if (item.kind !== 'file' || !item.forks) continue;
    for (const fork of ['data', 'resource'] as const) {
      const extents = (item.forks[fork] && layout.get(item.forks[fork])) ?? [];
      for (const { startBlock, extents: group } of overflowOf(extents)) {
        const key = { fileID: item.record.cnid, forkType: ForkType[fork], startBlock };
        changes.push({ key, record: encodeExtentRecord(group) });
      }
    }
  }
  changes.sort((a, b) => compareExtentKeys(a.key, b.key));
  const rebuilt: number[] = [Cnid.extents, Cnid.catalog, Cnid.allocation, Cnid.attributes];
  const tell = (what: 'keep' | 'free') => (record: { key: ExtentKey; record: Uint8Array }) => {
    account[what](decodeExtentRecord(record.record, tree.where(0)), `file ${record.key.fileID}`);
  };
  const records = mergeRecords(
    {
      records: tree.records(),
      dropped: ({ key }) => rebuilt.includes(key.fileID) || losesForks(staged, key.fileID),
      onKept: tell('keep'),
      onDropped: tell('free'),
    },
    changes,
    compareExtentKeys,
  );
  return buildTree(records, { ...formatOf(tree, 'extents overflow'), encode: encodeExtentKey }, options);
}

/** A tree's own header, for the tree that takes its place. */
function formatOf<K>(tree: BTree<K>, name: string): Omit<TreeFormat<K>, 'encode'> {
  const { nodeSize, maxKeyLength, clumpSize, btreeType, keyCompareType, attributes } = tree.header;
  const compare = (a: K, b: K) => tree.compare(a, b);
  return { name, nodeSize, maxKeyLength, clumpSize, btreeType, keyCompareType, attributes, compare };
}

/** Whether a file of the base volume was changed without new content. */
function keepsForks(staged: StagedVolume, cnid: number): boolean {
  const item = staged.catalog.changed(cnid);
  return item?.kind === 'file' && !item.forks;
}

function losesForks(staged: StagedVolume, cnid: number): boolean {
  const item = staged.catalog.changed(cnid);
  return staged.catalog.isRemoved(cnid) || (item?.kind === 'file' && item.forks !== undefined);
}

function threadOf(item: Item): CatalogRecord {
  const kind = item.kind === 'folder' ? 'folder-thread' : 'file-thread';
  return { kind, reserved: 0, parentID: item.parentID, name: item.name };
}

function recordOf(item: Item, layout: Layout): CatalogRecord {
  if (item.kind === 'folder') return item.record;
  const flags = item.record.flags | CatalogFlag.threadExists;
  if (!item.forks) return { ...item.record, flags };
  const { data, resource } = item.forks;
  return { ...item.record, flags, data: forkDataOf(data, layout), resource: forkDataOf(resource, layout) };
}

/** The attribute records of an item whose attributes are new. */
function* attributeChanges(item: Item, layout: Layout): Generator<Change<AttributeKey>> {
  const fileID = item.record.cnid;
  for (const { name, value } of [...(item.xattrs ?? [])].sort((a, b) => compareBinary(a.name, b.name))) {
    const key = { fileID, name, startBlock: 0 };
    if (value instanceof Uint8Array) {
      yield { key, record: encodeAttributeRecord({ kind: 'inline', value }) };
      continue;
    }
    yield { key, record: encodeAttributeRecord({ kind: 'fork', fork: forkDataOf(value, layout) }) };
    for (const { startBlock, extents } of overflowOf(layout.get(value) ?? [])) {
      yield { key: { ...key, startBlock }, record: encodeAttributeRecord({ kind: 'extents', extents }) };
    }
  }
}
