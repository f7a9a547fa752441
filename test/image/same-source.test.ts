import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ByteSource, fromBytes, observed, slice, zeros } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { openHostFile } from '../../src/host/host-file.js';
import { isSame } from '../../src/image/same-source.js';
import { scratch } from '../helpers/judges/tool.js';

const dir = scratch('same-source');
const DMG = new URL('../fixtures/udif/sparkle-app.dmg', import.meta.url).pathname;

describe('two sources are one', () => {
  it('where their ends are the same bytes of one open file', async () => {
    const path = join(dir, 'file');
    await writeFile(path, Buffer.alloc(100, 'x'));
    const [file, again] = [await openHostFile(path), await openHostFile(path)];
    try {
      expect(isSame(file, file)).toBe(true);
      expect(
        isSame(
          slice(file, 10, 50),
          observed(slice(file, 10, 50), () => undefined),
        ),
      ).toBe(true);
      expect(isSame(slice(file, 10, 50), slice(file, 11, 50))).toBe(false);
      expect(isSame(slice(file, 10, 50), slice(file, 10, 49))).toBe(false);
      // Another file may be there by now.
      expect(isSame(file, again)).toBe(false);
    } finally {
      await file.close();
      await again.close();
    }
  });

  it('in a compressed image, too', async () => {
    const file = await openHostFile(DMG);
    try {
      const { volume } = await openVolume(await openDisk(file));
      const files: ByteSource[] = [];
      for await (const { kind, data, link } of volume.walk()) {
        // Names of one file have the same bytes; those of a symbolic link may be any.
        if (kind === 'file' && data && data.size > 0 && link === undefined) files.push(data);
      }
      expect(files.length).toBeGreaterThan(0);
      for (const a of files) for (const b of files) expect(isSame(a, b)).toBe(a === b);
    } finally {
      await file.close();
    }
  });

  it('not where nobody says where bytes are from', () => {
    const bytes = fromBytes(Buffer.alloc(10), 'bytes');
    expect(isSame(bytes, bytes)).toBe(false);
    expect(isSame(zeros(10), zeros(10))).toBe(false);
    const { read, name, size } = bytes;
    expect(isSame({ read, name, size }, { read, name, size })).toBe(false);
  });
});
