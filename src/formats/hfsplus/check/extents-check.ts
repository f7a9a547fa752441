import { decodeExtentRecord, type ExtentKey } from '../extent-record.js';
import { EXTENTS_PER_RECORD } from '../fork-data.js';
import { Cnid } from '../header.js';
import type { Where } from '../where.js';
import { type CheckContext, checkUnusedExtents, overflowKey } from './context.js';

/** Takes the records of the extents overflow tree in order: claims their blocks, notes what each fork has there. */
export class ExtentsCheck {
  readonly #context: CheckContext;
  #key = -1;
  #next = 0;
  #full = true;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  visit(key: ExtentKey, record: Uint8Array, where: Where): void {
    const { findings, claims, overflow } = this.#context;
    const owner = () => `CNID ${key.fileID}, ${key.forkType === 0 ? 'data' : 'resource'} fork`;
    if (key.forkType !== 0 && key.forkType !== 0xff)
      findings.error(where.structure, owner(), 'fork type 0 or 255', key.forkType);
    const extents = decodeExtentRecord(record, where);
    const blocks = extents.reduce((sum, extent) => sum + extent.blockCount, 0);
    if (blocks === 0) findings.error(where.structure, owner(), 'at least one block', 0);
    for (const extent of extents) claims.claim(extent, owner);
    checkUnusedExtents(findings, record, 0, owner);
    const id = overflowKey(key.fileID, key.forkType);
    const known = overflow.get(id);
    if (this.#key !== id || !known) {
      overflow.set(id, { first: key.startBlock, blocks, used: key.fileID === Cnid.badBlocks });
    } else {
      if (key.startBlock !== this.#next || !this.#full) {
        findings.error(where.structure, owner(), `extents from block ${this.#next} of the fork`, key.startBlock);
      }
      known.blocks += blocks;
    }
    this.#key = id;
    this.#next = key.startBlock + blocks;
    this.#full = extents.length === EXTENTS_PER_RECORD;
  }

  /** When all forks have been seen: what nobody asked for. */
  finish(): void {
    for (const [id, { used }] of this.#context.overflow) {
      if (used) continue;
      const cnid = Math.floor(id / 2);
      const found = `extents of a ${id % 2 === 0 ? 'data' : 'resource'} fork nobody has`;
      this.#context.findings.error(
        'extents overflow file',
        `CNID ${cnid}`,
        'only extents of forks that need them',
        found,
      );
    }
  }
}
