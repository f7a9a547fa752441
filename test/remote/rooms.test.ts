import { describe, expect, test } from 'vitest';
import { Rooms } from '../../src/remote/rooms.js';
import { campaignSeed, Random } from '../helpers/random.js';

const KB = 1024;

describe('Rooms', () => {
  test('what is given back is taken again, wherever it lies', () => {
    const rooms = new Rooms(1024 * KB);
    const first = rooms.take(300 * KB);
    const second = rooms.take(300 * KB);
    expect(second.buffer).toBe(first.buffer);
    rooms.giveBack(first);
    expect(rooms.take(200 * KB).byteOffset).toBe(first.byteOffset);
    expect(rooms.take(350 * KB).buffer).toBe(first.buffer);
  });

  test('what does not fit has memory of its own, and giving it back harms nobody', () => {
    const rooms = new Rooms(256 * KB);
    const large = rooms.take(300 * KB);
    const all = rooms.take(256 * KB);
    const more = rooms.take(1);
    expect(large.length).toBeGreaterThanOrEqual(300 * KB);
    expect(new Set([large.buffer, all.buffer, more.buffer]).size).toBe(3);
    rooms.giveBack(large);
    rooms.giveBack(more);
    expect(rooms.take(1).buffer).not.toBe(all.buffer);
  });

  test('two that are taken never overlap', () => {
    const seed = campaignSeed();
    const random = new Random(seed);
    const rooms = new Rooms(2048 * KB);
    const taken: Uint8Array[] = [];
    for (let step = 0; step < 2000; step++) {
      if (taken.length > 0 && random.below(2) === 0) rooms.giveBack(taken.splice(random.below(taken.length), 1)[0]!);
      else taken.push(rooms.take(1 + random.below(400 * KB)));
      const ordered = taken
        .filter(({ buffer }) => buffer.byteLength === 2048 * KB)
        .sort((a, b) => a.byteOffset - b.byteOffset);
      for (let i = 1; i < ordered.length; i++) {
        const before = ordered[i - 1]!;
        expect(before.byteOffset + before.length, `OSX_ISO_SEED=${seed}`).toBeLessThanOrEqual(ordered[i]!.byteOffset);
      }
    }
  });
});
