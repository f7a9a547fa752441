import { describe, expect, it } from 'vitest';
import { RunCache } from '../../../src/formats/udif/cache.js';

describe('RunCache', () => {
  const bytes = new Uint8Array(10);
  const counting = () => {
    const loads: number[] = [];
    const cache = new RunCache(30);
    const get = (run: number) =>
      cache.get(run, 10, async () => {
        loads.push(run);
        return bytes;
      });
    return { loads, get };
  };

  it('keeps the most recently used runs, up to its limit', async () => {
    const { loads, get } = counting();
    for (const run of [1, 2, 3, 1, 4, 1, 3, 2]) await get(run);
    expect(loads).toEqual([1, 2, 3, 4, 2]);
  });

  it('readers at the same time share one load', async () => {
    const { loads, get } = counting();
    await Promise.all([get(1), get(1), get(1)]);
    expect(loads).toEqual([1]);
  });

  it('keeps one run that is larger than the limit, and forgets failures', async () => {
    const cache = new RunCache(5);
    let loads = 0;
    const load = async () => {
      loads++;
      return bytes;
    };
    await cache.get(1, 10, load);
    await cache.get(1, 10, load);
    expect(loads).toBe(1);
    await expect(cache.get(2, 10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await cache.get(2, 10, load);
    expect(loads).toBe(2);
  });
});
