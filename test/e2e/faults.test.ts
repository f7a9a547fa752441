import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Faults } from '../../scripts/installer/index.js';
import { osxIso } from '../helpers/built-iso.js';
import { scratch } from '../helpers/judges/tool.js';
import { points } from '../helpers/long.js';
import { smallInstaller } from '../helpers/small-installer.js';

// Bad installers as people have them: refused with the exit code for a bad source, with words that say what is wrong, and
// without a file left behind.

const refused: { name: string; faults: Faults; says: RegExp }[] = [
  { name: 'a stub of an installer', faults: { app: 'stub' }, says: /found a stub of an installer/ },
  { name: 'no kernel in the package', faults: { kernel: 'missing' }, says: /expected a kernel, found nothing/ },
  {
    name: 'a kernel that is none',
    faults: { kernel: 'text' },
    says: /expected a kernel, found a file that starts with/,
  },
  { name: 'a damaged run in BaseSystem', faults: { damagedChunk: 'data' }, says: /BaseSystem\.dmg/ },
  {
    name: 'damage that only the chunklist can tell',
    faults: { damagedChunk: 'trailer' },
    says: /expected SHA-256 [0-9a-f]{64}.*found [0-9a-f]{64}.*\n\nThe download is damaged/,
  },
  { name: 'no chunklist', faults: { chunklist: 'missing' }, says: /BaseSystem\.chunklist: expected a file/ },
  {
    name: 'a folder for the link Packages',
    faults: { packagesLink: 'folder' },
    says: /expected a symbolic link, found a folder/,
  },
  { name: 'no SystemVersion.plist', faults: { systemVersion: 'missing' }, says: /SystemVersion\.plist/ },
  { name: 'a journal that was never applied', faults: { baseJournal: 'dirty' }, says: /the journal holds changes/ },
];

// build/misfits.test.ts refuses them all in this process.
for (const { name, faults, says } of points(refused, 1)) {
  test(`refused, with nothing left behind: ${name}`, async () => {
    const folder = scratch('fault');
    const app = await smallInstaller(faults);
    const before = readdirSync(folder);
    const { status, stdout, stderr } = await osxIso(['build', '--app', app, '-o', join(folder, 'built.iso')], folder);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/This is a bug|\n +at /);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(readdirSync(folder)).toEqual(before);
  });
}
