import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../src/formats/bytes.js';
import { checkVolume } from '../../../src/formats/hfsplus/check.js';
import { FSCK, fsck, WITHOUT_FSCK } from '../../helpers/fsck.js';
import { points } from '../../helpers/long.js';
import { DAMAGES } from './damages.js';
import { patient } from './locate.js';
import { volumeBytes } from './volumes.js';

/** Faults Apple's fsck 540.1 does not report in a check without repair; ours does. */
const OURS_ALONE = new Set([
  'not unmounted cleanly',
  'blessed folder missing',
  'catalog fork longer than its blocks',
  'thread with another name',
  'thread with another parent',
  'CNID of a file',
  'no flag ThreadExists',
  'compressed without com.apple.decmpfs',
  'symbolic link with a NUL',
]);

describe.skipIf(FSCK === undefined)(`ours finds what Apple's fsck finds${WITHOUT_FSCK}`, () => {
  it.each([...new Set(DAMAGES.map(({ volume }) => volume))])('%s is good before', async (volume) => {
    expect(fsck(await volumeBytes(volume)).status).toBe(0);
  });

  it.each(points(DAMAGES, 30))('$name', async ({ name, volume, plant }) => {
    const bytes = await volumeBytes(volume);
    await plant(patient(bytes));
    const apple = fsck(bytes);
    const findings = await checkVolume(fromBytes(bytes, name));
    if (apple.status !== 0) expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
    // Known differences are listed, so that a new one is seen.
    expect(apple.status === 0).toBe(OURS_ALONE.has(name));
  });
});
