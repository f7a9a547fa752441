import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../../src/errors.js';
import { fromBytes } from '../../../src/formats/bytes.js';
import { findHfsPartition, readPartitionMap } from '../../../src/formats/partition-map/index.js';
import { openSparse } from '../../../src/formats/udif/index.js';
import { orFormatError } from '../../helpers/damage.js';
import { fixture, fixtureBytes } from './fixtures.js';

const FILE = 'dfvfs-hfsplus.sparseimage.gz';
const open = (bytes: Uint8Array) => openSparse(fromBytes(bytes, 'x.sparseimage'));

/** The real file with changes to its header. */
function header(change: (view: DataView) => void): Uint8Array {
  const bytes = fixtureBytes(FILE);
  change(new DataView(bytes.buffer));
  return bytes;
}

describe('openSparse', () => {
  it('reads a real sparse image whose bands are out of order', async () => {
    const disk = (await openSparse(fixture(FILE)))!;
    expect(disk.size).toBe(4194304);
    const whole = await disk.read(0, disk.size);
    expect(createHash('sha256').update(whole).digest('hex')).toBe(
      'f4e9c2c3771b3d663faffbc1a6f7bf3e001e0f1fa1a1bb4d65624ada6ddfc3b3',
    );
    const map = await readPartitionMap(disk);
    expect(map).toMatchObject({ scheme: 'gpt', warnings: [] });
    expect((await findHfsPartition(map, disk)).firstSector).toBe(40);
    const pieces = Buffer.concat(
      [...disk.pieces!(1000, 4_000_000)].map((p) => (p.kind === 'bytes' ? p.bytes : Buffer.alloc(p.length))),
    );
    expect(Buffer.compare(pieces, whole.subarray(1000, 4_001_000))).toBe(0);
  });

  it('reads a band that is not there as zeros', async () => {
    const disk = (await open(header((view) => view.setUint32(64 + 4, 0))))!; // slot 1 holds band 4
    expect((await disk.read(3 << 20, 1 << 20)).every((byte) => byte === 0)).toBe(true);
    expect([...disk.pieces!(3 << 20, 1 << 20)]).toEqual([{ kind: 'zero', length: 1 << 20 }]);
    expect((await disk.read(2 << 20, 512)).length).toBe(512);
  });

  it('is undefined for anything else', async () => {
    expect(await open(new Uint8Array(0))).toBeUndefined();
    expect(await openSparse(fixture('udif-zlib.dmg'))).toBeUndefined();
  });

  it('refuses more bands than one header holds', async () => {
    const error = await open(header((view) => view.setUint32(16, 1009 * 2048))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/with 1009 bands; osx-iso reads those with at most 1008/),
    });
  });

  it.each<[string, (view: DataView) => void]>([
    ['another version', (view) => view.setUint32(4, 4)],
    ['no sectors a band', (view) => view.setUint32(8, 0)],
    ['no sectors', (view) => view.setUint32(16, 0)],
    ['a band twice', (view) => view.setUint32(64, 4)],
    ['a band that is not of the disk', (view) => view.setUint32(64, 5)],
    [
      'a slot behind the end of the file',
      (view) => {
        view.setUint32(64, 0);
        view.setUint32(64 + 400, 1);
      },
    ],
    ['huge bands', (view) => view.setUint32(8, 0xffff_ffff)],
  ])('%s: a FormatError', async (_what, change) => {
    await expect(open(header(change))).rejects.toThrow(FormatError);
  });

  it('cut short: a FormatError', async () => {
    const bytes = fixtureBytes(FILE);
    for (const cut of [4, 8, 100, 4095, 4096, 100_000, bytes.length - 1]) {
      await expect(open(bytes.subarray(0, cut))).rejects.toThrow(FormatError);
    }
  });

  it('with any byte of its header changed: an image, undefined or an error a user can read', async () => {
    const bytes = fixtureBytes(FILE);
    for (let at = 0; at < 96; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const old = bytes[at]!;
        bytes[at] = value;
        await orFormatError(() =>
          open(bytes).catch((error) => {
            if (!(error instanceof SourceError)) throw error;
          }),
        );
        bytes[at] = old;
      }
    }
  });
});
