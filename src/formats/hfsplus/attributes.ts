import { fromBytes } from '../bytes.js';
import type { Xattr } from '../entry.js';
import { type AttributeKey, decodeAttributeRecord } from './attribute-record.js';
import type { BTree } from './btree.js';
import { type Blocks, forkSource } from './extents.js';
import type { Extent, ForkData } from './fork-data.js';
import { fault } from './where.js';

/** Most attributes of one file; a real one has a handful. */
const MAX_ATTRIBUTES = 65_536;

/** All extended attributes of a file or folder, in the tree's order; values of attributes in forks are read when asked for. */
export async function readXattrs(tree: BTree<AttributeKey>, blocks: Blocks, fileID: number): Promise<Xattr[]> {
  const xattrs: Xattr[] = [];
  let open: { name: string; fork: ForkData; extents: Extent[]; blocks: number; node: number } | undefined;
  const finish = () => {
    if (!open) return;
    const where = {
      ...tree.where(open.node),
      file: `${blocks.source.name}: attribute ${open.name} of CNID ${fileID}`,
    };
    xattrs.push({ name: open.name, value: forkSource(blocks, open.extents, open.fork.logicalSize, where) });
    open = undefined;
  };
  for await (const { key, record, node } of tree.records({ fileID, name: '', startBlock: 0 })) {
    if (key.fileID !== fileID) break;
    const where = tree.where(node);
    const value = decodeAttributeRecord(record, where);
    if (value.kind === 'extents') {
      if (open?.name !== key.name || key.startBlock !== open.blocks) {
        throw fault(where, 0, `the extents that follow attribute ${key.name}`, `extents from block ${key.startBlock}`);
      }
      open.extents.push(...value.extents);
      open.blocks += sum(value.extents);
      continue;
    }
    finish();
    if (xattrs.length >= MAX_ATTRIBUTES)
      throw fault(where, 0, `at most ${MAX_ATTRIBUTES} attributes of a file`, 'more');
    if (value.kind === 'inline') {
      // A copy: the value must not keep a whole node, and the stretch read with it, in memory.
      const name = `${blocks.source.name}: attribute ${key.name} of CNID ${fileID}`;
      xattrs.push({ name: key.name, value: fromBytes(new Uint8Array(value.value), name) });
    } else {
      const { fork } = value;
      open = { name: key.name, fork, extents: [...fork.extents], blocks: sum(fork.extents), node };
    }
  }
  finish();
  return xattrs;
}

function sum(extents: readonly Extent[]): number {
  return extents.reduce((total, extent) => total + extent.blockCount, 0);
}
