import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import type { Path } from '../../src/formats/entry.js';
import { openHostFile } from '../../src/host/host-file.js';
import { NativeTool } from '../../src/image/native.js';
import { FSCK_TOOLS, fsck } from '../helpers/judges/fsck.js';
import { needs } from '../helpers/judges/needs.js';
import { points } from '../helpers/long.js';
import { sha256, snapshot } from '../helpers/tree-snapshot.js';

const FIXTURES = new URL('../fixtures/udif/', import.meta.url).pathname;
let tool: NativeTool;
let dir: string;
beforeEach(() => {
  tool = new NativeTool();
});
afterEach(() => tool.close());
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'osx-iso-native-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

function work() {
  const notes: string[] = [];
  return {
    signal: new AbortController().signal,
    report: () => undefined,
    note: (text: string) => void notes.push(text),
    notes,
  };
}

/** What the recipes do, in small: a writable copy of the image, a copy of all its files in a new folder, an ISO of that. */
async function doubled(name: string, path = join(FIXTURES, name)) {
  const file = await openHostFile(path);
  try {
    const to = join(dir, `${name}.iso`);
    const image = await tool.open(file);
    const source = await tool.attach(image, { readOnly: true });
    const before = await snapshot(source);
    const copy = await tool.convert(image, 'sparse', undefined, work());
    const target = await tool.attach(copy, { readOnly: false });
    const folder: Path = ['Copied'];
    await target.copyFrom!(source, [], folder, work());
    const iso = await tool.convert(copy, 'iso', to, work());
    return { to, iso, before };
  } finally {
    await file.close();
  }
}

describe('NativeTool', () => {
  const bases = [
    'keramics-zlib.dmg',
    'keramics-lzfse.dmg',
    'keramics-lzma.dmg',
    'keramics-adc.dmg',
    'keramics-bzip2.dmg',
  ];
  const others = ['sparkle-app.dmg', 'dfvfs-hfsplus_zlib.dmg', 'udif-gpt.dmg', 'udif-rawdisk.dmg'];
  for (const name of points([...bases, ...others], 4)) {
    it(`makes a disk of ${name} that Apple's fsck accepts, with all it had and all that was copied`, async (context) => {
      const { to, iso, before } = await doubled(name);
      const file = await openHostFile(to);
      expect(iso.size).toBe(file.size);
      expect(iso.sha256).toBe(await sha256(file));
      expect(Object.values(iso.facts!.sourceChecksums as object)).not.toContain('invalid');

      const disk = await openDisk(file);
      expect(disk.map.scheme).not.toBe('none');
      expect(disk.map.totalSectors * 512).toBe(file.size);
      const { volume } = await openVolume(disk);
      const after = await snapshot(volume);
      for (const [path, entry] of before) {
        if (path === '/') continue;
        expect(after.get(path), path).toEqual(entry);
        const copied = after.get(`/Copied${path}`);
        expect(copied && { ...copied, link: undefined }, path).toEqual({ ...entry, link: undefined });
        if (entry.link !== undefined) expect(copied!.link).toBe(`/Copied${entry.link}`);
      }
      expect(after.size).toBe(before.size * 2);
      await file.close();

      needs(context, ...FSCK_TOOLS);
      const verdict = await fsck(to);
      expect(verdict.status, verdict.output).toBe(0);
    });
  }

  it('writes the same bytes again when nothing changed but the time', async () => {
    const file = await openHostFile(join(FIXTURES, 'keramics-zlib.dmg'));
    const sums = [];
    for (const n of [1, 2]) {
      const image = await tool.convert(await tool.open(file), 'sparse', undefined, work());
      const { sha256: sum } = await tool.convert(image, 'iso', join(dir, `same-${n}`), { ...work() });
      sums.push(sum);
      if (n === 1) expect(await readFile(join(dir, 'same-1'))).toBeTruthy();
    }
    await file.close();
    const [a, b] = await Promise.all([1, 2].map((n) => readFile(join(dir, `same-${n}`))));
    const differences = a!.filter((byte, i) => byte !== b![i]).length;
    // Two headers with a modification date of four bytes each.
    expect(differences).toBeLessThanOrEqual(8);
    expect(sums).toHaveLength(2);
  });

  it('notices a damaged run wherever it is, also where its bytes are not needed', async () => {
    const bytes = await readFile(join(FIXTURES, 'udif-rawdisk.dmg'));
    // Inside the journal's raw data: no file shows it, no decoder stumbles over it.
    const file = await openHostFile(join(FIXTURES, 'udif-rawdisk.dmg'));
    const disk = await openDisk(file);
    const { volume } = await openVolume(disk);
    const free = await firstUnusedRawByte(disk.udif!, volume.header.totalBlocks * volume.header.blockSize);
    await file.close();
    bytes[free] = bytes[free]! ^ 1;
    const damaged = join(dir, 'damaged.dmg');
    await writeFile(damaged, bytes);
    const error = await doubled('damaged.dmg', damaged).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect((error as SourceError).message).toMatch(
      /damaged\.dmg.*expected the checksum [0-9a-f]{8}, found [0-9a-f]{8}/,
    );
  });

  it('never writes over a file, and refuses a folder it may not write to', async () => {
    const there = join(dir, 'there.iso');
    await writeFile(there, 'mine');
    const file = await openHostFile(join(FIXTURES, 'keramics-zlib.dmg'));
    const image = await tool.open(file);
    await expect(tool.convert(image, 'iso', there, work())).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(there, 'utf8')).toBe('mine');
    await file.close();
    expect(await tool.check({ output: '/nowhere/at/all.iso' })).toHaveLength(1);
    expect(await tool.check({ output: there })).toEqual([]);
  });

  it('leaves the file to its caller when it is stopped, with no writer behind', async () => {
    const controller = new AbortController();
    const file = await openHostFile(join(FIXTURES, 'sparkle-app.dmg'));
    const image = await tool.open(file);
    const to = join(dir, 'stopped.iso');
    const report = ({ done }: { done: number }) => done > 1_000_000 && controller.abort();
    const stopping = { ...work(), signal: controller.signal, report };
    await expect(tool.convert(image, 'iso', to, stopping)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(dir)).toContain('stopped.iso');
    await file.close();
  });
});

/** Host offset of a byte in a raw run beyond the first megabyte, as good as any that is covered by a checksum alone. */
async function firstUnusedRawByte(
  udif: { runs: { count: number; kind(run: number): string; at: Float64Array; stored: Float64Array } },
  _size: number,
) {
  for (let run = udif.runs.count - 1; run >= 0; run--) {
    if (udif.runs.kind(run) === 'raw' && udif.runs.stored[run]! > 4096) return udif.runs.at[run]! + 2048;
  }
  throw new Error('no raw run');
}
