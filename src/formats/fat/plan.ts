import { createHash } from 'node:crypto';
import { StepError } from '../../errors.js';
import { type ByteSource, fromBytes } from '../bytes.js';
import { showPath } from '../entry.js';
import type { PlannedExtent, PlannedHeader } from '../planned.js';
import { BACKUP_SECTOR, encodeBootSector, encodeFsInfo, FS_INFO_SECTOR } from './boot-sector.js';
import { Attribute, encodeLongName, encodeShortEntry, entriesOf, fatDate } from './folder-entry.js';
import { clusterBytes, clusterOffset, ENTRY_SIZE, geometryFor, rootSector, SECTOR } from './geometry.js';
import { checkLabel, type NamedEntry, SHORT_LENGTH, shortNames } from './names.js';
import { encodeTable, Mark } from './table.js';
import { type FatItem, inOrder, type Node, nodeAt, sortedNames, treeOf } from './tree.js';
import { MOST_ENTRIES } from './volume.js';

export type { FatItem };

export interface FatOptions {
  /** Bytes; whole sectors. */
  readonly size: number;
  /** 1 to 11 capitals, digits and some others. */
  readonly label: string;
  /** Unix seconds: what everything is dated. */
  readonly date: number;
  /** Sectors in front of the volume on its disk: the BIOS's business, said all the same. */
  readonly hiddenSectors?: number;
}

/** Everything about a volume that is going to be written. What no extent covers is zeros. */
export interface FatPlan {
  readonly size: number;
  readonly volumeId: number;
  /** Sorted by offset, not overlapping, without the boot sectors. */
  readonly extents: readonly PlannedExtent[];
  /** The second boot sector (FAT32), the first one last. */
  readonly headers: readonly PlannedHeader[];
}

/**
 * A new FAT volume with these files, planned: FAT32, FAT16 or FAT12 by its size. The same items give the same bytes, in whatever order:
 * folders and files stand in the order of their names, each in clusters that follow each other, folders first. StepError for names FAT
 * cannot hold, for what is there twice, and where it does not fit.
 */
export function planFat(items: readonly FatItem[], options: FatOptions): FatPlan {
  checkLabel(options.label);
  const geometry = geometryFor(options.size);
  const { bits, clusters } = geometry;
  const root = treeOf(items);
  const nodes = inOrder(root);
  const folders = nodes.filter(({ children }) => children);
  const named = new Map(folders.map((folder) => [folder, namesOf(folder)]));
  const bytesOf = (node: Node): number => {
    if (node.data) return node.data.size;
    const names = named.get(node)!;
    // The root's label; every other folder's `.` and `..`.
    return (names.reduce((sum, name) => sum + entriesOf(name), 0) + (node === root ? 1 : 2)) * ENTRY_SIZE;
  };
  expectFit(nodes, bytesOf, geometry);

  const unit = clusterBytes(geometry);
  const table: number[] = [0x0fff_ff00 | MEDIA, Mark.end];
  const needed = nodes.reduce((sum, node) => sum + clustersFor(node), 0);
  if (needed > clusters) throw doesNotFit(needed * unit, clusters * unit);
  for (const node of [...folders, ...nodes.filter(({ data }) => data)]) {
    const count = clustersFor(node);
    if (count > 0) node.cluster = table.length;
    for (let i = 1; i <= count; i++) table.push(i === count ? Mark.end : table.length + 1);
  }
  function clustersFor(node: Node): number {
    return node === root && bits !== 32 ? 0 : Math.ceil(bytesOf(node) / unit);
  }

  const dated = fatDate(options.date);
  const volumeId = volumeIdOf(nodes, options);
  const extents: PlannedExtent[] = [];
  const put = (offset: number, source: ByteSource) => {
    if (source.size > 0) extents.push({ offset, length: source.size, source, from: 0 });
  };
  const encoded = encodeTable(bits, table);
  for (let copy = 0; copy < geometry.tables; copy++) {
    const sector = geometry.reservedSectors + copy * geometry.sectorsPerTable;
    put(sector * SECTOR, fromBytes(encoded, 'FAT'));
  }
  for (const folder of folders) {
    const offset = folder.cluster === 0 ? rootSector(geometry) * SECTOR : clusterOffset(geometry, folder.cluster);
    put(offset, fromBytes(folderBytes(folder), `folder ${showPath(folder.path)}`));
  }
  for (const { data, cluster } of nodes) if (data && cluster > 0) put(clusterOffset(geometry, cluster), data);

  function folderBytes(folder: Node): Uint8Array {
    const entries: Uint8Array[] = [];
    const short = (name: string, attributes: number, cluster: number, size = 0) =>
      entries.push(encodeShortEntry({ short: name.padEnd(SHORT_LENGTH), attributes, cluster, size, dated }));
    if (folder === root) short(options.label, Attribute.label, 0);
    else {
      const parent = nodeAt(root, folder.path.slice(0, -1));
      short('.', Attribute.folder, folder.cluster);
      // The root is cluster 0 here, on FAT32 too.
      short('..', Attribute.folder, parent === root ? 0 : parent.cluster);
    }
    for (const name of named.get(folder)!) {
      const child = folder.children!.get(name.name)!;
      if (name.needsLong) entries.push(...encodeLongName(name.name, name.short));
      short(name.short, child.data ? 0x20 : Attribute.folder, child.cluster, child.data?.size);
    }
    return Buffer.concat(entries);
  }

  const { label, hiddenSectors = 0 } = options;
  const boot = encodeBootSector(geometry, { volumeId, label, hiddenSectors, rootCluster: root.cluster });
  const headers: PlannedHeader[] = [{ offset: 0, bytes: boot }];
  if (bits === 32) {
    const info = encodeFsInfo(clusters + 2 - table.length, Math.min(table.length, clusters + 1));
    for (const sector of [FS_INFO_SECTOR, BACKUP_SECTOR + FS_INFO_SECTOR])
      put(sector * SECTOR, fromBytes(info, 'FSInfo'));
    headers.unshift({ offset: BACKUP_SECTOR * SECTOR, bytes: boot });
  }
  return { size: options.size, volumeId, extents: extents.sort((a, b) => a.offset - b.offset), headers };
}

const MEDIA = 0xf8;

function namesOf({ children, path }: Node): NamedEntry[] {
  return shortNames(sortedNames(children!), showPath(path));
}

function expectFit(
  nodes: readonly Node[],
  bytesOf: (node: Node) => number,
  { bits, rootEntries }: ReturnType<typeof geometryFor>,
): void {
  for (const node of nodes) {
    if (!node.children) continue;
    const most = node.path.length === 0 && bits !== 32 ? rootEntries : MOST_ENTRIES;
    const count = bytesOf(node) / ENTRY_SIZE;
    if (count > most) {
      throw new StepError(`${showPath(node.path)}: its names take ${count} entries; a FAT${bits} has ${most} there.`, {
        hint: 'Put some of them into folders.',
      });
    }
  }
}

function doesNotFit(needed: number, room: number): StepError {
  const bytes = (count: number) => count.toLocaleString('en-US');
  return new StepError(`The files need ${bytes(needed)} bytes; the FAT volume has room for ${bytes(room)}.`, {
    hint: 'Make it larger with --size, or leave something out.',
  });
}

/** A number that differs where anything does: of the label, the date, and every name with its size. */
function volumeIdOf(nodes: readonly Node[], { label, date, size }: FatOptions): number {
  const hash = createHash('sha1').update(JSON.stringify([label, date, size]));
  for (const { path, data } of nodes) hash.update(JSON.stringify([path, data?.size ?? -1]));
  return hash.digest().readUInt32BE();
}
