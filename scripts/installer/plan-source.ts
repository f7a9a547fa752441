import { type ByteSource, checkRange, fromBytes, zeros } from '../../src/formats/bytes.js';
import { concat } from '../../src/formats/concat.js';
import type { PlannedExtent } from '../../src/formats/hfsplus/plan.js';

/** What a volume's plan and a disk's plan have in common. */
export interface WrittenPlan {
  readonly size: number;
  readonly extents: readonly PlannedExtent[];
  readonly headers: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** What a plan would write, as a source with random access: nothing is written for it. */
export function sourceOfPlan(plan: WrittenPlan, name: string): ByteSource {
  const extents = [
    ...plan.extents,
    ...plan.headers.map(({ offset, bytes }) => ({
      offset,
      length: bytes.length,
      source: fromBytes(bytes, name),
      from: 0,
    })),
  ].sort((a, b) => a.offset - b.offset);
  const hole = zeros(plan.size, name);
  const parts: { source: ByteSource; offset: number; length: number }[] = [];
  let at = 0;
  for (const extent of extents) {
    if (extent.offset < at) throw new Error(`${name}: extents overlap at ${extent.offset}`);
    if (extent.offset > at) parts.push({ source: hole, offset: at, length: extent.offset - at });
    parts.push({ source: extent.source, offset: extent.from, length: extent.length });
    at = extent.offset + extent.length;
  }
  if (at < plan.size) parts.push({ source: hole, offset: at, length: plan.size - at });
  return concat(parts, name);
}

/** A source with some bytes changed. */
export function patched(
  whole: ByteSource,
  patches: readonly { readonly offset: number; readonly bytes: Uint8Array }[],
): ByteSource {
  const source: ByteSource = {
    name: whole.name,
    size: whole.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      const read = await whole.read(offset, length);
      const touching = patches.filter((p) => p.offset < offset + length && p.offset + p.bytes.length > offset);
      if (touching.length === 0) return read;
      const copy = Buffer.from(read);
      for (const patch of touching) {
        const from = Math.max(0, offset - patch.offset);
        const to = Math.min(patch.bytes.length, offset + length - patch.offset);
        copy.set(patch.bytes.subarray(from, to), patch.offset + from - offset);
      }
      return copy;
    },
  };
  return source;
}
