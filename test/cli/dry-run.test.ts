import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PlannedStep } from '../../src/core/events.js';
import { ran } from '../helpers/command-line.js';
import { checkedLines } from '../helpers/schemas.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

it('build --dry-run is a page to be read: a sentence a step, above what the recipe says, 80 columns', async () => {
  const dry = ['build', await smallInstaller(), '-o', join(testFolder(), 'a.iso'), '--engine', 'native', '--dry-run'];
  const { out } = await ran(...dry);
  const page = out.slice(out.indexOf(' 1. '));
  expect(page.split('\n\n').slice(0, 2)).toEqual([
    [
      " 1. Attach InstallESD.dmg, the installer's own disk, read only: its files are",
      '    esd:/… from here on.',
      '      attach  app:/Contents/SharedSupport/InstallESD.dmg  as esd  read-only',
    ].join('\n'),
    [
      ' 2. Make a writable copy of BaseSystem.dmg, which the installer starts from: the',
      '    copy becomes the ISO, the original stays as it is.',
      '      convert  esd:/BaseSystem.dmg  sparse  as target',
    ].join('\n'),
  ]);
  for (const line of page.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const [plan] = checkedLines((await ran(...dry, '--json')).out) as unknown as [{ steps: readonly PlannedStep[] }];
  expect(plan.steps[0]).toMatchObject({
    index: 0,
    verb: 'attach',
    title: 'Attach app:/Contents/SharedSupport/InstallESD.dmg',
    says: expect.stringMatching(/^Attach InstallESD\.dmg, the installer's own disk/),
    args: ['app:/Contents/SharedSupport/InstallESD.dmg', 'as esd', 'read-only'],
  });
});
