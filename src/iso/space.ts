/** Trees, bitmap and partition map beside the files: measured as under 1 %. */
const OVERHEAD = 1.02;

/** Bytes the ISO of these pieces needs, at most. */
export function spaceNeeded(sizes: { base: number; packages: number; baseSystemImage: number }): number {
  return Math.ceil((sizes.base + sizes.packages + sizes.baseSystemImage) * OVERHEAD) + (32 << 20);
}
