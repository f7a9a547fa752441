import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, fromBytes, zeros } from '../../../src/formats/bytes.js';
import { concat } from '../../../src/formats/concat.js';
import { planGpt, readPartitionMap } from '../../../src/formats/partition-map/index.js';
import { blkxPartitions, openUdif, RunType, verifyChecksums, writeUdif } from '../../../src/formats/udif/index.js';
import { needs } from '../../helpers/judges/needs.js';
import { run, scratch } from '../../helpers/judges/tool.js';
import { times } from '../../helpers/long.js';
import { assemble, DISK_GUID, PARTITION_GUID } from '../partition-map/disks.js';
import { fixture, openFixture } from './fixtures.js';

type Options = Partial<Parameters<typeof writeUdif>[0]>;

async function write(disk: ByteSource, options: Options = {}): Promise<Buffer> {
  const { partitions = blkxPartitions(await readPartitionMap(disk)) } = options;
  const variant = partitions.length === 1 ? 2 : 1;
  const parts: Uint8Array[] = [];
  const written = await writeUdif(
    { disk, variant, ...options, partitions },
    async (bytes) => void parts.push(Uint8Array.from(bytes)),
  );
  const image = Buffer.concat(parts);
  expect(written.size).toBe(image.length);
  return image;
}

async function reopen(image: Uint8Array) {
  const opened = await openUdif(fromBytes(image, 'written.dmg'));
  if (!opened) throw new Error('not an image');
  return opened;
}

/** Bytes that do not shrink. */
function noise(length: number): Uint8Array {
  const parts: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) parts.push(createHash('sha256').update(`noise ${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** A GPT disk with text, noise and zeros in its volume. */
const mixed = (() => {
  const layout = planGpt({ volumeSectors: 9000, diskGuid: DISK_GUID, partitionGuid: PARTITION_GUID });
  const disk = assemble(layout);
  disk.fill(0, 40 * 512, 9040 * 512);
  disk.set(new TextEncoder().encode('Yosemite '.repeat(100_000)), 50 * 512);
  disk.set(noise(1_500_000), 4000 * 512);
  return fromBytes(disk, 'mixed');
})();

describe('blkxPartitions', () => {
  it.each(['keramics-zlib.dmg', 'ronin-zlib.dmg', 'sparkle-app.dmg', 'udif-rawdisk.dmg', 'brew-container.dmg'])(
    '%s: the names and sectors hdiutil gave',
    async (file) => {
      const image = await openFixture(file);
      const list = blkxPartitions(await readPartitionMap(image));
      expect(list.map(({ name, firstSector, sectorCount }) => ({ name, firstSector, sectorCount }))).toEqual(
        image.structure.partitions.map(({ name, firstSector, sectorCount }) => ({ name, firstSector, sectorCount })),
      );
      expect(list[0]!.id).toBe(file === 'udif-rawdisk.dmg' ? -2 : -1);
    },
  );
});

describe('writeUdif', () => {
  it.each([
    ['zlib', {}, 'UDZO'],
    ['zlib, fast', { level: 1 }, 'UDZO'],
    ['small runs', { runSectors: 64 }, 'UDZO'],
    ['stored', { compress: 'none' }, 'UDRO'],
  ] as const)('%s: decodes to the same disk with every checksum right', async (_what, options, format) => {
    const disk = mixed;
    const image = await reopen(await write(disk, options));
    expect(image.structure).toMatchObject({ format, variant: 1 });
    expect(image.size).toBe(disk.size);
    expect(Buffer.compare(await image.read(0, image.size), await disk.read(0, disk.size))).toBe(0);
    const report = await verifyChecksums(image);
    expect(report).toMatchObject({ state: 'valid', master: { state: 'valid' }, data: { state: 'valid' } });
    expect(report.partitions.every(({ state }) => state === 'valid')).toBe(true);
  });

  it('leaves zeros out, in free space as IGNORE, and stores what does not shrink', async () => {
    const image = await reopen(await write(mixed));
    const kinds = new Map<string, Set<string>>();
    for (let i = 0; i < image.runs.count; i++) {
      const name = image.structure.partitions[image.runs.table[i]!]!.name;
      kinds.set(name, (kinds.get(name) ?? new Set()).add(image.runs.kind(i)));
    }
    expect(kinds.get(' (Apple_Free : 3)')).toEqual(new Set(['ignore']));
    expect(kinds.get('disk image (Apple_HFS : 4)')).toEqual(new Set(['zlib', 'raw', 'zero']));
  });

  it('of a real image again: the same disk', async () => {
    for (const file of ['keramics-lzfse.dmg', 'sparkle-app.dmg', 'udif-rawdisk.dmg', 'udif-zlib.dmg']) {
      const real = await openFixture(file);
      const image = await reopen(await write(real));
      expect(Buffer.compare(await image.read(0, image.size), await real.read(0, real.size))).toBe(0);
      expect(image.structure.variant).toBe(real.structure.variant);
      expect((await verifyChecksums(image)).state).toBe('valid');
    }
  });

  it('takes a compressor of one’s own', async () => {
    const { deflateSync } = await import('node:zlib');
    let calls = 0;
    const image = await reopen(
      await write(mixed, {
        compress: (bytes) => {
          calls++;
          return { type: RunType.zlib, bytes: deflateSync(bytes) };
        },
      }),
    );
    expect(calls).toBeGreaterThan(3);
    expect((await verifyChecksums(image)).state).toBe('valid');
  });

  it('makes the same bytes from the same disk, and reports progress', async () => {
    const seen: number[] = [];
    const first = await write(mixed, { onProgress: ({ done, total }) => seen.push(done / total) });
    expect(Buffer.compare(first, await write(mixed))).toBe(0);
    expect(seen.at(-1)).toBe(1);
  });

  it('does not read the holes of a source that knows them, nor write them', async () => {
    const hole = zeros(1 << 30);
    const disk = concat([{ source: hole, offset: 0, length: hole.size }], 'hole');
    const partitions = [{ name: 'whole disk (Apple_HFS : 0)', firstSector: 0, sectorCount: hole.size / 512, id: -2 }];
    let reads = 0;
    const counted: ByteSource = {
      ...disk,
      read(at, length) {
        reads++;
        return disk.read(at, length);
      },
    };
    const image = await reopen(await write(counted, { partitions, variant: 2, runSectors: 1 << 16 }));
    expect(reads).toBe(0);
    expect(image.runs.count).toBe(1);
    expect(image.size).toBe(1 << 30);
  });

  it('hands on what a compressor or the writer throws, and nothing stays unhandled', async () => {
    const failing = async () => {
      throw new Error('no luck');
    };
    await expect(write(mixed, { compress: failing })).rejects.toThrow('no luck');
    const disk = mixed;
    const partitions = blkxPartitions(await readPartitionMap(disk));
    await expect(
      writeUdif({ disk, partitions, variant: 1, runSectors: 64 }, async () => {
        throw new Error('disk full');
      }),
    ).rejects.toThrow('disk full');
    await expect(write(mixed, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });

  it('refuses partitions that overlap or leave the disk', async () => {
    const disk = zeros(51200);
    const one = (firstSector: number, sectorCount: number) => ({ name: 'x', firstSector, sectorCount, id: 0 });
    await expect(write(disk, { partitions: [one(0, 50), one(49, 1)] })).rejects.toThrow(/overlaps/);
    await expect(write(disk, { partitions: [one(0, 101)] })).rejects.toThrow(/behind the disk/);
    await expect(write(zeros(1000), { partitions: [] })).rejects.toThrow(/whole sectors/);
  });

  it('any disk comes back', async () => {
    const stretch = fc.tuple(fc.constantFrom('zero', 'text', 'noise'), fc.integer({ min: 1, max: 20 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(stretch, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 16 }),
        async (parts, runSectors) => {
          const bytes = Buffer.concat(
            parts.map(([kind, n]) =>
              kind === 'zero' ? Buffer.alloc(n * 512) : kind === 'text' ? Buffer.alloc(n * 512, 'ab') : noise(n * 512),
            ),
          );
          const image = await reopen(await write(fromBytes(bytes, 'any'), { runSectors }));
          expect(Buffer.compare(await image.read(0, image.size), bytes)).toBe(0);
          expect((await verifyChecksums(image)).state).toBe('valid');
        },
      ),
      { numRuns: times(40, 10) },
    );
  });
});

describe('what we write, read by others', () => {
  const folder = scratch('udif');

  it.for(['zlib', 'none'] as const)('qemu-img, %s', async (compress, context) => {
    needs(context, 'qemu-img');
    const disk = mixed;
    const [dmg, raw] = [join(folder, `${compress}.dmg`), join(folder, `${compress}.raw`)];
    writeFileSync(dmg, await write(disk, { compress }));
    const { status, stderr } = await run('qemu-img', ['convert', '-f', 'dmg', '-O', 'raw', dmg, raw]);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { readFileSync } = await import('node:fs');
    expect(Buffer.compare(readFileSync(raw), await disk.read(0, disk.size))).toBe(0);
  });

  it.for(['zlib', 'none'] as const)('7-Zip, %s: every part and every checksum', async (compress, context) => {
    needs(context, '7z');
    const disk = mixed;
    const dmg = join(folder, `seven-${compress}.dmg`);
    writeFileSync(dmg, await write(disk, { compress }));
    const { status, stdout } = await run('7z', ['t', '-tdmg', dmg]);
    expect(stdout.toString()).toMatch(/Everything is Ok/);
    expect(status).toBe(0);
    // The parts one after another are the whole disk.
    const parts = await run('7z', ['x', '-so', '-tdmg', dmg]);
    expect(Buffer.compare(parts.stdout, await disk.read(0, disk.size))).toBe(0);
  });

  it('7-Zip reads the files of a volume that was written again', async (context) => {
    needs(context, '7z');
    const dmg = join(folder, 'again.dmg');
    writeFileSync(dmg, await write(fixture('dfvfs-apm.dmg.gz')));
    const { status, stdout } = await run('7z', ['t', dmg]);
    expect({ status, ok: /Everything is Ok/.test(stdout.toString()) }).toEqual({ status: 0, ok: true });
  });
});
