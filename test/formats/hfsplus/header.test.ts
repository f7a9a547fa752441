import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { decodeVolumeHeader, encodeVolumeHeader } from '../../../src/formats/hfsplus/header.js';
import { fixture, VOLUMES, volumeBytes } from './volumes.js';

const where = { file: 'test', structure: 'volume header', offset: 1024 };

describe('volume header', () => {
  it.each(VOLUMES)('%s: both headers are written again as they were', async (name) => {
    const bytes = await volumeBytes(name);
    for (const at of [1024, bytes.length - 1024]) {
      const header = bytes.subarray(at, at + 512);
      expect(encodeVolumeHeader(decodeVolumeHeader(header, where))).toEqual(header);
    }
  });

  it('has every field where TN1150 has it', async () => {
    const header = decodeVolumeHeader((await volumeBytes('goafs')).subarray(1024), where);
    expect(header).toMatchObject({
      signature: 'H+',
      version: 4,
      attributes: 0x8000_0100,
      lastMountedVersion: '10.0',
      fileCount: 7,
      folderCount: 4,
      blockSize: 4096,
      totalBlocks: 1024,
      freeBlocks: 920,
      nextCatalogID: 27,
      encodingsBitmap: 1n,
    });
    expect(header.finderInfo).toHaveLength(32);
  });

  it('refuses classic HFS, and says what it is', () => {
    const hfs = fixture('udif/dfvfs-hfs.raw.gz');
    expect(() => decodeVolumeHeader(hfs.subarray(1024), where)).toThrow(/expected H\+ or HX, found BD \(classic HFS\)/);
  });

  it.each([
    ['signature', 0, /H\+ or HX/],
    ['version', 2, /expected 4/],
    ['block size', 40, /power of two/],
    ['total blocks', 44, /at least one block/],
    ['logical size', 112, /below 2\^53/],
  ])('refuses an absurd %s', async (_, at, message) => {
    const bytes = (await volumeBytes('blank')).slice(1024, 1536);
    bytes.set(at === 44 ? [0, 0, 0, 0] : [0xff, 0xff, 0xff, 0xff], at);
    expect(() => decodeVolumeHeader(bytes, where)).toThrow(message);
    expect(() => decodeVolumeHeader(bytes, where)).toThrow(FormatError);
  });
});
