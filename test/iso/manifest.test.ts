import { expect, test } from 'vitest';
import type { RunResult } from '../../src/core/run.js';
import { manifestOf } from '../../src/iso/manifest.js';
import type { Installer } from '../../src/source/index.js';

const done = { facts: {}, steps: [] } as unknown as RunResult;
const made = (version: string) => {
  const installer = { version, build: '17G66', kind: 'app', name: 'Install.app', notes: [], sizes: { esd: 1 } };
  return manifestOf(done, installer as unknown as Installer, 'native', 'a b.iso');
};

test('an ISO that Chameleon does not start says what does', () => {
  expect(made('10.13.6').boot.ways).toEqual([
    {
      firmware: 'uefi',
      loader: 'OpenCore, which boot is given',
      command: "osx-iso boot 'a b.iso' --opencore OpenCore-X.Y.Z-RELEASE.zip",
    },
  ]);
  expect(made('10.10.5').boot).not.toHaveProperty('ways');
});

test('the source has the name of the installer', () => {
  expect(made('10.10.5').source.name).toBe('Install.app');
});
