import { fromBytes } from '../../../src/formats/bytes.js';
import { decodeBTreeHeader } from '../../../src/formats/hfsplus/btree-header.js';
import { decodeNode, decodeRecordOffsets, splitRecord } from '../../../src/formats/hfsplus/btree-node.js';
import { decodeVolumeHeader } from '../../../src/formats/hfsplus/header.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';

/** A volume to damage: its bytes, and where things are in them. Trees whose fork is one extent only. */
export interface Patient {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** First byte of a B-tree file. */
  tree(file: 'catalogFile' | 'extentsFile' | 'attributesFile'): number;
  nodeSize(file: 'catalogFile' | 'extentsFile' | 'attributesFile'): number;
  /** First byte of a node of the catalog. */
  node(number: number): number;
  /** Key and record of what is at a path. */
  record(...path: string[]): Promise<{ key: number; record: number; cnid: number; node: number }>;
  /** The same for the thread of a CNID. */
  thread(cnid: number): Promise<{ key: number; record: number }>;
  /** Key and record of the first extended attribute of a CNID. */
  attribute(cnid: number): Promise<{ key: number; record: number }>;
}

export function patient(bytes: Uint8Array): Patient {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const where = { file: 'patient', structure: 'test', offset: 0 };
  const header = decodeVolumeHeader(bytes.slice(1024, 1536), where);
  const volume = HfsVolume.open(fromBytes(bytes.slice(), 'patient'));
  const tree: Patient['tree'] = (file) => header[file].extents[0]!.startBlock * header.blockSize;
  const nodeSize: Patient['nodeSize'] = (file) => {
    const at = tree(file);
    return decodeBTreeHeader(bytes.subarray(at + 14, at + 120), where).nodeSize;
  };
  const inNode = (start: number, size: number, index: number) => {
    const node = bytes.subarray(start, start + size);
    const offset = decodeRecordOffsets(node, decodeNode(node, where).numRecords, where)[index]!;
    const { at } = splitRecord(node.subarray(offset), 0xffff, where);
    return { key: start + offset, record: start + offset + at };
  };
  const inCatalog = (number: number, index: number) =>
    inNode(tree('catalogFile') + number * nodeSize('catalogFile'), nodeSize('catalogFile'), index);
  return {
    bytes,
    view,
    tree,
    nodeSize,
    node: (number) => tree('catalogFile') + number * nodeSize('catalogFile'),
    async record(...path) {
      const opened = await volume;
      const found = await opened.lookup(path);
      if (!found) throw new Error(`nothing at ${path.join('/')}`);
      const leaf = (await opened.catalog.search(found.key))!;
      return { ...inCatalog(leaf.node, leaf.index), cnid: found.record.cnid, node: leaf.node };
    },
    async thread(cnid) {
      const leaf = (await (await volume).catalog.search({ parentID: cnid, name: '' }))!;
      return inCatalog(leaf.node, leaf.index);
    },
    async attribute(cnid) {
      const opened = await volume;
      for await (const leaf of opened.attributes!.records({ fileID: cnid, name: '', startBlock: 0 })) {
        const size = nodeSize('attributesFile');
        return inNode(tree('attributesFile') + leaf.node * size, size, leaf.index);
      }
      throw new Error(`no attribute of ${cnid}`);
    },
  };
}
