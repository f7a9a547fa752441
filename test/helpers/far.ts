import type { Far } from '../../src/formats/pieces.js';

/** A source far away of which every hold is a read. */
export function farFrom(read: (offset: number, length: number) => Promise<Uint8Array>): Far {
  return {
    async hold(start, size) {
      const all = await read(start, size);
      return { bytes: (offset, length) => all.subarray(offset - start, offset - start + length), release: () => {} };
    },
  };
}
