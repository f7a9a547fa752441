import type { ByteSource } from '../../bytes.js';
import { type ForkData, strayExtent } from '../fork-data.js';
import type { VolumeHeader } from '../header.js';
import type { Claims } from './claims.js';
import type { Findings } from './finding.js';

/** What the extents overflow file has for one fork. */
export interface Overflow {
  /** The fork's first block it describes. */
  readonly first: number;
  blocks: number;
  /** A fork has asked for it. */
  used: boolean;
}

/** What extended attributes a CNID has, as bits. */
export const XattrBit = { any: 1, security: 2, decmpfs: 4, matched: 8 } as const;

/** What the parts of the check share. */
export interface CheckContext {
  readonly source: ByteSource;
  readonly header: VolumeHeader;
  readonly findings: Findings;
  readonly claims: Claims;
  /** By overflowKey(). */
  readonly overflow: Map<number, Overflow>;
  /** XattrBit by CNID. */
  readonly xattrs: Map<number, number>;
}

/** One number for a fork: CNIDs are u32, forks are two. */
export function overflowKey(cnid: number, forkType: number): number {
  return cnid * 2 + (forkType === 0 ? 0 : 1);
}

/** Extents behind the first empty one: nobody's blocks, and Apple's fsck calls them wrong. `at` is where the 8 begin. */
export function checkUnusedExtents(findings: Findings, bytes: Uint8Array, at: number, owner: () => string): void {
  const stray = strayExtent(bytes, at);
  if (!stray) return;
  const { index, startBlock, blockCount } = stray;
  const found = `${blockCount} blocks from ${startBlock}`;
  findings.error('fork data', `${owner()}, extent ${index}`, 'zeros behind the first empty extent', found);
}

/** Claims a fork's blocks and checks its sizes against its extents. `owner` names it for people. */
export function checkFork(
  context: CheckContext,
  cnid: number,
  forkType: number,
  fork: ForkData,
  owner: () => string,
): void {
  const { findings, claims, header } = context;
  let blocks = 0;
  for (const extent of fork.extents) {
    claims.claim(extent, owner);
    blocks += extent.blockCount;
  }
  const more = context.overflow.get(overflowKey(cnid, forkType));
  if (more) {
    more.used = true;
    if (more.first !== blocks || fork.extents.length < 8) {
      findings.error('extents overflow file', owner(), `extents from block ${blocks} of the fork`, more.first);
    }
    blocks += more.blocks;
  }
  if (blocks !== fork.totalBlocks)
    findings.error('fork data', owner(), `${blocks} blocks, as in its extents`, fork.totalBlocks);
  if (fork.logicalSize > fork.totalBlocks * header.blockSize) {
    const room = fork.totalBlocks * header.blockSize;
    findings.error('fork data', owner(), `a size of at most ${room} bytes`, fork.logicalSize);
  }
}
