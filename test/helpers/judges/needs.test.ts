import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { find, needs, TOOLS } from './needs.js';
import { scratch } from './tool.js';

const skip = vi.fn();
const context = { skip: skip as unknown as Parameters<typeof needs>[0]['skip'] };
// Looked for by its full path, so that no machine's PATH can bring it.
const absent = '/usr/lib/grub/i386-pc/xnu.mod';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, existsSync: (path: string) => path !== '/usr/lib/grub/i386-pc/xnu.mod' && fs.existsSync(path) };
});

beforeEach(() => vi.stubEnv('OSX_ISO_REQUIRE_ALL', ''));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.clearAllMocks();
});

test('a tool that is there does not skip the test; OSX_ISO_HFSPROGS is looked through first', () => {
  const folder = scratch('tools');
  writeFileSync(join(folder, 'fsck.hfsplus'), '#!/bin/sh\n');
  chmodSync(join(folder, 'fsck.hfsplus'), 0o755);
  vi.stubEnv('OSX_ISO_HFSPROGS', folder);
  expect(find('fsck.hfsplus')).toBe(join(folder, 'fsck.hfsplus'));
  needs(context, 'fsck.hfsplus');
  expect(skip).not.toHaveBeenCalled();
});

test('an absent tool skips the test and says which package brings it', () => {
  needs(context, absent);
  expect(skip).toHaveBeenCalledExactlyOnceWith(`needs ${absent} (Debian: grub-pc-bin)`);
});

test('where nothing may be skipped an absent tool fails the test', () => {
  vi.stubEnv('OSX_ISO_REQUIRE_ALL', '1');
  expect(() => needs(context, absent)).toThrow(`nothing may be skipped here, but this test needs ${absent}`);
  expect(skip).not.toHaveBeenCalled();
});

test('.ci/apt-packages has every package that a test can need, in order', () => {
  const file = readFileSync(join(import.meta.dirname, '..', '..', '..', '.ci', 'apt-packages'), 'utf8');
  const listed = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(listed).toEqual(expect.arrayContaining(Object.values(TOOLS).flat()));
  expect(listed).toEqual([...listed].sort());
});
