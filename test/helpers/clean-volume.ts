import { expect } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { checkVolume } from '../../src/formats/hfsplus/check.js';
import { FSCK, fsck } from './fsck.js';

/** A bare volume in which our own check finds nothing, nor Apple's fsck where that is here. */
export async function expectClean(volume: Uint8Array): Promise<void> {
  expect(await checkVolume(fromBytes(volume, 'volume'))).toEqual([]);
  if (FSCK === undefined) return;
  const { status, output } = fsck(volume);
  expect(output).toContain('appears to be OK');
  expect(status).toBe(0);
}
