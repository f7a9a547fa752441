import { describe, expect, it } from 'vitest';
import { fromBytes, slice } from '../../../src/formats/bytes.js';
import { checkVolume } from '../../../src/formats/hfsplus/check.js';
import { DAMAGES } from './damages.js';
import { patient } from './locate.js';
import { VOLUMES, volumeBytes, volumeSource } from './volumes.js';

const errors = async (bytes: Uint8Array) => {
  const findings = await checkVolume(fromBytes(bytes, 'volume'));
  return findings.filter((finding) => finding.severity === 'error').map((finding) => finding.text);
};

describe('a volume Apple made', () => {
  it.each(VOLUMES)('%s: has no fault', async (name) => {
    expect(await errors(await volumeBytes(name))).toEqual([]);
  });

  it('whose alternate header is older gets a warning and nothing more', async () => {
    const findings = await checkVolume(await volumeSource('small'));
    expect(findings.map(({ severity, structure }) => [severity, structure])).toEqual([
      ['warning', 'alternate volume header'],
    ]);
    expect(findings[0]!.text).toMatch(/fileCount 22.*fileCount 9/);
  });
});

describe('a planted fault is found', () => {
  it.each(DAMAGES)('$name', async ({ volume, plant, finding }) => {
    const bytes = await volumeBytes(volume);
    await plant(patient(bytes));
    expect((await errors(bytes)).join('\n')).toMatch(finding);
  });
});

describe('a volume that does not fill its partition', () => {
  it('is found, one block being enough', async () => {
    const bytes = await volumeBytes('small');
    const longer = new Uint8Array(bytes.length + 4096);
    longer.set(bytes);
    expect((await errors(longer)).join('\n')).toMatch(/totalBlocks: expected 257, found 256/);
  });

  it('is found when it is too long', async () => {
    const source = await volumeSource('small');
    const findings = await checkVolume(slice(source, 0, source.size - 4096));
    expect(findings.map(({ text }) => text).join('\n')).toMatch(/at most 255 blocks/);
  });
});

it('says so when the source is no HFS+ at all', async () => {
  expect(await errors(new Uint8Array(4096))).toHaveLength(1);
  expect(await errors(new Uint8Array(3))).toHaveLength(1);
});
