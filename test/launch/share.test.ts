import { describe, expect, test } from 'vitest';
import { profileOf } from '../../src/launch/profiles.js';
import { hostSize, shareNote, shareOf } from '../../src/launch/share.js';

const share = (release: string, memory: number, processors: number, floor = 0) => {
  const found = shareOf({ memory, processors }, profileOf(release)!, floor);
  return [found.memory, found.processors];
};

describe('a guest gets half of the host’s memory and processors, in powers of two', () => {
  test.each([
    ['10.10', 8000, 8, [2048, 4]],
    ['10.10', 9000, 6, [4096, 2]],
    ['10.10', 16_000, 4, [4096, 2]],
    // The rest stays the host's.
    ['10.10', 500_000, 128, [8192, 8]],
    // At least what the release needs.
    ['10.10', 3000, 1, [2048, 1]],
    ['10.13', 6000, 2, [4096, 1]],
    ['10.9', 4096, 2, [2048, 2]],
    // Never more than there is.
    ['10.13', 3000, 2, [2048, 1]],
    ['10.10', 1000, 1, [512, 1]],
    ['10.9', 2048, 1, [2048, 1]],
  ])('%s of %i MiB and %i', (release, memory, processors, expected) => {
    expect(share(release, memory, processors)).toEqual(expected);
  });

  test('or what the medium asks for', () => {
    expect(share('10.10', 6000, 2, 3072)).toEqual([3072, 1]);
    expect(share('10.10', 3000, 2, 3072)).toEqual([2048, 1]);
  });
});

test('is said, unless the user chose both', () => {
  const host = { memory: 9000, processors: 6 };
  const chosen = { memory: 4096, processors: 1 };
  expect(shareNote(chosen, {}, host)).toBe(
    'The guest gets 4096 MiB of memory and 1 processor; this computer has 9000 MiB and 6 processors (--memory, --smp).',
  );
  expect(shareNote(chosen, { memory: 1 }, host)).toBeDefined();
  expect(shareNote(chosen, { memory: 1, processors: 1 }, host)).toBeUndefined();
});

test('this computer has some', () => {
  expect(hostSize().memory).toBeGreaterThan(100);
  expect(hostSize().processors).toBeGreaterThan(0);
});
