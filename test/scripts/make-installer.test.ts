import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openInstaller } from '../../src/source/index.js';
import { node } from '../helpers/built-iso.js';
import { scratch } from '../helpers/judges/tool.js';

test('the command makes the installer that is asked for, says where, and lists what is in it', async () => {
  const folder = scratch('command');
  const truth = join(folder, 'truth.json');
  const asked = ['--release', '10.11', '--scale', '0.0005', '--seed', '7', '--form', 'dmg', '--truth', truth];
  const { status, stdout, stderr } = await node('dist/scripts/make-installer.js', [folder, ...asked], folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^Made in [\d.]+ s:\n$/) });
  expect(stdout).toBe(`${join(folder, 'InstallMacOSX.dmg')}\n`);
  const { files, version, kind } = await openInstaller(stdout.trimEnd());
  await files.close();
  expect({ version, kind }).toEqual({ version: '10.11.6', kind: 'dmg > pkg > dmg' });
  expect(JSON.parse(readFileSync(truth, 'utf8'))).toMatchObject({ schema: 1, release: '10.11' });
});

test('what cannot be is refused with the reason', async () => {
  const { status, stderr } = await node('dist/scripts/make-installer.js', ['x', '--scale', '2'], scratch('command'));
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/above 0 and at most 1/) });
});
