import { describe, expect, it } from 'vitest';
import { DecodedChunks } from '../../src/formats/decoded-chunks.js';

/** Chunks of 4 bytes that all hold their number; those asked for, and whether in memory used before. */
function numbered(limit: number) {
  const loads: string[] = [];
  const chunks = new DecodedChunks(limit, async (index, room) => {
    loads.push(room ? `${index} for ${room[0]}` : `${index}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (index === 13) throw new Error('no');
    return (room ?? new Uint8Array(4)).fill(index);
  });
  const text = (index: number) => chunks.use(index, (bytes) => bytes.join());
  return { chunks, loads, text };
}

describe('DecodedChunks', () => {
  it('keeps the most recently used chunks and uses the memory of the others again', async () => {
    const { loads, text } = numbered(2);
    const seen: string[] = [];
    for (const index of [1, 2, 1, 3, 1, 2]) seen.push(await text(index));
    expect(seen).toEqual(['1,1,1,1', '2,2,2,2', '1,1,1,1', '3,3,3,3', '1,1,1,1', '2,2,2,2']);
    expect(loads).toEqual(['1', '2', '3 for 2', '2 for 3']);
  });

  it('overwrites nothing that somebody waits for', async () => {
    const { loads, text } = numbered(1);
    const wanted = [1, 2, 1, 3, 2, 4];
    expect(await Promise.all(wanted.map(text))).toEqual(wanted.map((index) => new Array(4).fill(index).join()));
    expect(loads).toEqual(['1', '2', '3', '4']);
    // Beyond its limit only as long as it must.
    await text(5);
    await text(4);
    expect(loads.slice(4)).toEqual(['5 for 4', '4 for 5']);
  });

  it('decodes ahead, keeps no failure, and is silent about one that nobody meets', async () => {
    const { chunks, loads, text } = numbered(3);
    chunks.prepare(1);
    chunks.prepare(13);
    expect(await text(1)).toBe('1,1,1,1');
    await expect(text(13)).rejects.toThrow('no');
    await expect(text(13)).rejects.toThrow('no');
    expect(loads).toEqual(['1', '13', '13']);
    chunks.prepare(13);
    for (const index of [2, 3, 4]) await text(index);
    expect(loads.slice(3)).toEqual(['13', '2', '3 for 1', '4']);
    chunks.clear();
    await text(4);
    expect(loads.slice(7)).toEqual(['4']);
  });
});
