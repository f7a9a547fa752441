import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { fromBytes, zeros } from '../../src/formats/bytes.js';
import { readWhole } from '../../src/formats/whole.js';
import { modulesIn, top, withoutComments } from '../helpers/imports.js';

describe('what is read whole', () => {
  it('is as large as such a thing may be, and no byte larger', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3000), fc.nat(3000), async (size, most) => {
        const reading = readWhole(fromBytes(new Uint8Array(size).fill(9), 'x'), { what: 'note', most });
        if (size <= most) expect(await reading).toHaveLength(size);
        else await expect(reading).rejects.toThrow(FormatError);
      }),
    );
  });

  it('takes no memory for a size that is only said', async () => {
    const huge = zeros(2 ** 52, 'BaseSystem.chunklist');
    await expect(readWhole(huge, { what: 'chunklist', most: 4 << 20 })).rejects.toThrow(
      'BaseSystem.chunklist: chunklist at byte 0: expected at most 4,194,304 bytes, found 4,503,599,627,370,496.',
    );
  });
});

describe('as much memory as an input says', () => {
  const modules = modulesIn('src', 'pipelines');
  const offenders = (wrong: RegExp, allowed: readonly string[]) =>
    modules.filter(
      (module) => !allowed.includes(module) && wrong.test(withoutComments(readFileSync(join(top, module), 'utf8'))),
    );
  /** `.read(0, file.size)`, also over several lines, with `!`, and by a variable of that name. */
  const BARE = /\.read\(\s*\w+\s*,\s*(?:[\w$]+[!?]*\.)*(?:size|byteLength|logicalSize)\s*,?\s*\)/;

  it('is taken by readWhole alone', () => {
    for (const bare of ['a.read(0, a.size)', 'read; x.data!.read(\n  0,\n  x.data!.size,\n)', 'f.read(at, size)'])
      expect(bare).toMatch(BARE);
    for (const fine of ['a.read(0, Math.min(HEAD, a.size))', 'a.read(0, HEAD)', 'a.read(offset, length)'])
      expect(fine).not.toMatch(BARE);
    expect(offenders(BARE, ['src/formats/whole.ts'])).toEqual([]);
  });

  it('is taken of the host by readHostFile alone: only what the system itself says, and our own package, is read by node', () => {
    const byNode = /\breadFile(?:Sync)?\(/;
    const own = [
      // /proc and /sys, whose files have no size.
      'src/host/process-start.ts',
      'src/host/open-file.ts',
      'src/guest-disk/in-use.ts',
      'src/launch/host-probe.ts',
      // What lies in the package.
      'src/host/package-root.ts',
      'src/host/template-files.ts',
      'src/web/assets.ts',
      // Measured by lstat before, in a folder nobody else can write to.
      'src/core/journal.ts',
    ];
    expect(offenders(byNode, own)).toEqual([]);
    for (const module of own) expect(readFileSync(join(top, module), 'utf8'), module).toMatch(byNode);
  });
});
