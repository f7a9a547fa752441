import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { yosemite } from '../../pipelines/yosemite.js';
import { SourceError } from '../../src/errors.js';
import { showPath } from '../../src/formats/entry.js';
import type { RunningSystem } from '../../src/iso/host-kernel.js';
import { chooseKernel } from '../../src/iso/kernel-choice.js';

const installer = { version: '10.10.5', build: '14F27' };
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'osx-iso-root-'));
  mkdirSync(join(root, 'System/Library/Kernels'), { recursive: true });
  writeFileSync(join(root, 'System/Library/Kernels/kernel'), 'a kernel');
});
afterAll(() => rmSync(root, { recursive: true }));

const running = (version?: string, build?: string): RunningSystem => ({
  version: async () => version,
  build: async () => build,
  root,
});

describe('--kernel host', () => {
  it('takes the kernels of this Mac in the place of the package', async () => {
    const { recipe, tree } = await chooseKernel(yosemite, 'host', installer, running('10.10.5', '14F27'));
    expect(recipe.map(({ verb }) => verb)).not.toContain('open-package');
    expect(recipe.some(({ verb, args }) => verb === 'detach' && args[0] === 'kernel')).toBe(false);
    const seen: [string, string][] = [];
    for await (const { path, kind, data } of tree!.walk(['System', 'Library', 'Kernels'])) {
      seen.push([showPath(path), data ? Buffer.from(await data.read(0, data.size)).toString() : kind]);
    }
    expect(seen).toEqual([
      ['/System/Library/Kernels', 'folder'],
      ['/System/Library/Kernels/kernel', 'a kernel'],
    ]);
  });

  it.each([
    ['another version', running('10.10.4', '14E46'), /found 10\.10\.4 \(14E46\)/],
    ['another build of the same version', running('10.10.5', '14F1713'), /found 10\.10\.5 \(14F1713\)/],
    ['no Mac', running(), /found a computer that is none/],
    ['no such folder', { ...running('10.10.5', '14F27'), root: '/nowhere' }, /expected \/nowhere\/System/],
  ])('%s: exit 3 and what to do', async (_name, system, message) => {
    const error = await chooseKernel(yosemite, 'host', installer, system).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(message) });
    expect((error as SourceError).hint).toMatch(/--kernel package/);
  });
});
