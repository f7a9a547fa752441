import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commandLines } from '../../src/cli/view/terminal.js';
import type { Guest } from '../../src/guest-folder/guest.js';
import { createCommand } from '../../src/guest-folder/next-line.js';
import { ran } from '../helpers/command-line.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';

let place: string;
const at = (name: string) => join(place, name);
const guestOf = (name: string) => JSON.parse(readFileSync(join(at(name), 'guest.json'), 'utf8')) as Guest;

beforeAll(() => {
  place = scratch('guests');
});

describe('osx-iso guest', () => {
  test('create, list, show, set and delete', async (context) => {
    needs(context, 'qemu-img');
    const made = await ran(
      'guest',
      'create',
      at('a b'),
      '--disk-size',
      '64M',
      '--release',
      '10.9',
      '--cpus',
      '2',
      '--net',
      'none',
    );
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(
      made.out.endsWith(`  Next:\n    osx-iso boot '${at('a b')}' --chameleon FILE --osk-file FILE --save\n`),
    ).toBe(true);
    expect(guestOf('a b')).toMatchObject({ release: '10.9', processors: 2, network: 'none' });
    expect(guestOf('a b')).not.toHaveProperty('ssh');

    expect((await ran('guest', 'list', place)).out).toBe(
      `${at('a b')}  OS X 10.9 Mavericks  nothing is installed, and there is no installer\n`,
    );
    const listed = JSON.parse((await ran('guest', 'list', place, '--json')).out) as { guests: { guest: Guest }[] };
    expect(listed.guests[0]!.guest).toEqual(guestOf('a b'));

    expect((await ran('guest', 'set', at('a b'), 'memory=2048', 'network=vmxnet3')).code).toBe(0);
    expect(guestOf('a b')).toMatchObject({ memory: 2048, network: 'vmxnet3' });
    expect(await ran('guest', 'set', at('a b'), 'memory=lots')).toMatchObject({
      code: 2,
      err: expect.stringContaining('found "lots"'),
    });
    expect((await ran('guest', 'show', at('a b'))).out).toContain('memory 2048 MiB, processors 2, network vmxnet3');

    expect(await ran('guest', 'delete', at('a b'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('disk.qcow2 ('),
    });
    expect(existsSync(at('a b'))).toBe(true);
    expect((await ran('guest', 'delete', at('a b'), '--force')).out).toBe(`${at('a b')}: deleted\n`);
    expect(existsSync(at('a b'))).toBe(false);
  });

  test('says which line of guest.json is wrong', async (context) => {
    needs(context, 'qemu-img');
    await ran('guest', 'create', at('broken'), '--disk-size', '64M');
    const file = join(at('broken'), 'guest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"chipset": "q35"', '"chipset": "q36"'));
    const fault = 'chipset: expected one of "q35", "pc", found "q36".';
    expect(await ran('guest', 'show', at('broken'))).toMatchObject({
      code: 3,
      err: expect.stringMatching(/guest\.json, line \d+, chipset: /),
    });
    expect((await ran('boot', at('broken'))).err).toContain(fault);
    expect((await ran('guest', 'list', place)).out).toContain(fault);
  });
});

describe('osx-iso boot', () => {
  test.each([
    [['nowhere'], 3, 'nowhere: no such file.'],
    [['--save'], 2, '--save is for a guest that has a folder.'],
    [['x.iso', '--yes'], 2, '--yes is for a guest that has a folder.'],
    [['x.iso', '--iso', 'y.iso'], 2, 'is no guest: give either it or --iso.'],
  ])('%j is refused', async (words, code, message) => {
    writeFileSync(at('x.iso'), 'x');
    const argv = words.map((word) => (word === 'x.iso' ? at(word) : word));
    expect(await ran('boot', ...argv)).toMatchObject({ code, err: expect.stringContaining(message) });
  });
});

describe('what is to be typed next', () => {
  test('names the guest, the ISO and the loader of the release', () => {
    expect(createCommand('Install OS X Yosemite.iso', '10.10.5').join(' ')).toBe(
      "osx-iso guest create yosemite --iso 'Install OS X Yosemite.iso' --chameleon FILE --osk-file FILE",
    );
    expect(createCommand('-x.iso', '10.14.6').join(' ')).toBe(
      'osx-iso guest create mojave --iso ./-x.iso --opencore ZIP --osk-file FILE',
    );
    expect(createCommand('x.iso', '10.8.5', { ownLoader: true }).join(' ')).toBe(
      'osx-iso guest create mountain-lion --iso x.iso --osk-file FILE',
    );
  });

  test('is broken as a shell takes it, and only between its words', () => {
    const parts = createCommand('Install OS X Yosemite.iso', '10.10.5');
    expect(commandLines(parts, undefined, '  ')).toBe(`  ${parts.join(' ')}`);
    expect(commandLines(parts, 60, '  ')).toBe(
      "  osx-iso guest create yosemite \\\n    --iso 'Install OS X Yosemite.iso' --chameleon FILE \\\n    --osk-file FILE",
    );
    // Never in the middle of a name, however narrow.
    expect(commandLines(parts, 10).split(' \\\n')).toHaveLength(4);
  });
});
