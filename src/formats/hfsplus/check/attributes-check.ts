import { type AttributeKey, decodeAttributeRecord } from '../attribute-record.js';
import { DECMPFS_XATTR } from '../decmpfs.js';
import type { Where } from '../where.js';
import { type CheckContext, checkUnusedExtents, XattrBit } from './context.js';

/** The attribute that holds an access control list. */
export const SECURITY_XATTR = 'com.apple.system.Security';

/** Where the eight extents begin in a record of more extents, and in one of a fork: type, reserved, and there the fork's sizes. */
const EXTENTS_AT = 8;
const FORK_EXTENTS_AT = 24;

/** Takes the records of the attributes tree in order: claims blocks, checks forks, notes which CNIDs have what. */
export class AttributesCheck {
  readonly #context: CheckContext;
  /** The attribute whose value is in a fork, until all its extents have come. */
  #open: { id: number; name: string; blocks: number; total: number; size: number } | undefined;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  visit(key: AttributeKey, bytes: Uint8Array, where: Where): void {
    const { findings, claims, xattrs } = this.#context;
    const owner = () => `attribute ${key.name} of CNID ${key.fileID}`;
    const record = decodeAttributeRecord(bytes, where);
    if (record.kind === 'extents') {
      checkUnusedExtents(findings, bytes, EXTENTS_AT, owner);
      const open = this.#open;
      if (!open || open.id !== key.fileID || open.name !== key.name || open.blocks !== key.startBlock) {
        findings.error(where.structure, owner(), 'extents that follow their attribute', `from block ${key.startBlock}`);
      }
      for (const extent of record.extents) {
        claims.claim(extent, owner);
        if (open) open.blocks += extent.blockCount;
      }
      return;
    }
    this.#close();
    findings.equal(where.structure, `${owner()}, startBlock`, 0, key.startBlock);
    if (key.name === '') findings.error(where.structure, owner(), 'a name', 'none');
    let bits = (xattrs.get(key.fileID) ?? 0) | XattrBit.any;
    if (key.name === SECURITY_XATTR) bits |= XattrBit.security;
    if (key.name === DECMPFS_XATTR) bits |= XattrBit.decmpfs;
    xattrs.set(key.fileID, bits);
    if (record.kind !== 'fork') return;
    const { fork } = record;
    checkUnusedExtents(findings, bytes, FORK_EXTENTS_AT, owner);
    for (const extent of fork.extents) claims.claim(extent, owner);
    const blocks = fork.extents.reduce((sum, extent) => sum + extent.blockCount, 0);
    this.#open = { id: key.fileID, name: key.name, blocks, total: fork.totalBlocks, size: fork.logicalSize };
  }

  /** After the last record. */
  finish(): void {
    this.#close();
  }

  #close(): void {
    if (!this.#open) return;
    const { id, name, blocks, total, size } = this.#open;
    this.#open = undefined;
    const { findings, header } = this.#context;
    const where = `attribute ${name} of CNID ${id}`;
    if (blocks !== total) findings.error('attribute fork', where, `${blocks} blocks, as in its extents`, total);
    const room = total * header.blockSize;
    if (size > room) findings.error('attribute fork', where, `a size of at most ${room} bytes`, size);
  }
}
