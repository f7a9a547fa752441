import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { quoteForSh } from '../../src/host/quote.js';
import { libvirtXml } from '../../src/launch/handover/libvirt.js';
import { makeMachine } from '../../src/launch/machine.js';
import { smcSection } from '../../src/launch/osk.js';
import { configCommand, SHELL_CONFIG, shellCommand } from '../../src/launch/shell.js';
import { needs } from '../helpers/judges/needs.js';
import { run, scratch } from '../helpers/judges/tool.js';
import { LONG, WHOLE } from '../helpers/long.js';
import { fakeQemu } from './fake-qemu.js';
import { nasty, nastyName } from './nasty.js';

// What is printed for another reader is read back by that very reader.

const KEY = 'K'.repeat(64);
const RUNS = WHOLE ? 500 : LONG ? 150 : 4;
const SHELLS = ['bash', 'dash'].filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0);

const folder = scratch('quoting');
/** Says its words and what it was handed, each followed by a NUL. */
const program = join(folder, 'pro=gram');
writeFileSync(program, '#!/bin/sh\nprintf "%s\\0" "$@"\ncat /dev/fd/3\n', { mode: 0o755 });

function shell(name: string, command: string): string {
  const { stdout, stderr, status } = spawnSync(name, ['-c', command], { encoding: 'utf8', cwd: folder });
  expect({ stderr, status }, command).toEqual({ stderr: '', status: 0 });
  return stdout;
}

describe.each(SHELLS)('%s reads', (name) => {
  test('any words as they are, and the key from a file of any name', () => {
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 5 }), nastyName, (words, file) => {
        const path = join(folder, file);
        writeFileSync(path, `${KEY}\n`);
        const argv = [...words, '-readconfig', SHELL_CONFIG];
        const command = shellCommand(program, argv, { kind: 'file', path });
        expect(shell(name, command)).toBe(`${argv.join('\0')}\0${smcSection(KEY)}`);
        const config = join(folder, `cfg ${file}`.slice(0, 100));
        const made = `${configCommand(config, { kind: 'file', path })}\ncat ${quoteForSh(config)}`;
        expect(shell(name, made)).toBe(smcSection(KEY));
      }),
      { numRuns: RUNS },
    );
  });

  test('a file’s name that looks like the end of what is handed over', () => {
    const file = join(folder, 'a\nSMC\ntouch hit\nSMC\n');
    writeFileSync(file, KEY);
    const argv = ['-readconfig', SHELL_CONFIG, 'x\nSMC\ntouch hit\n'];
    expect(shell(name, shellCommand(program, argv, { kind: 'file', path: file }))).toContain(smcSection(KEY));
    expect(existsSync(join(folder, 'hit'))).toBe(false);
  });

  test.each(['if', 'time', '!', 'a=b', '{', 'echo x'])('%j as a program, not as a word of its own', (word) => {
    const bin = scratch('bin');
    writeFileSync(join(bin, word), '#!/bin/sh\necho it ran\n', { mode: 0o755 });
    const command = shellCommand(word, [], undefined);
    const { stdout } = spawnSync(name, ['-c', command], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
    expect(stdout).toBe('it ran\n');
  });
});

describe('libxml2 reads', () => {
  const xml = (more: { file: string; loader: string; word: string; config: string }) =>
    libvirtXml(
      makeMachine({
        firmware: { kind: 'bios', loader: more.loader },
        disks: [{ file: more.file, format: 'raw' }],
        extra: [more.word],
      }),
      fakeQemu('8.2.0'),
      more.config,
    );

  test('any name that XML can hold', async (context) => {
    needs(context, 'xmllint');
    const inXml = nasty.map((text) => text.replaceAll('\u0007', ''));
    await fc.assert(
      fc.asyncProperty(fc.tuple(inXml, inXml, inXml, inXml), async ([file, loader, word, config]) => {
        const path = join(folder, 'domain.xml');
        writeFileSync(path, xml({ file, loader, word, config }));
        const read = async (xpath: string) => {
          const { stdout, status, stderr } = await run('xmllint', ['--xpath', `string(${xpath})`, path]);
          expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
          return stdout.toString('utf8').replace(/\n$/, '');
        };
        expect(await read('//disk/source/@file')).toBe(file);
        expect(await read('//os/kernel')).toBe(loader);
        const args = '//*[local-name()="arg"]';
        expect(await read(`${args}[last()]/@value`)).toBe(word);
        expect(await read(`${args}[@value="-readconfig"]/following-sibling::*[1]/@value`)).toBe(config);
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    );
  });

  test.each(['\u0007', '\u001b', '\uffff', '\u0000', '\ud800'])(
    'nothing with %j in it, which is said by name',
    (character) => {
      const names = { file: '/f', loader: '/l', word: 'w', config: '/c' };
      for (const each of Object.keys(names)) {
        const given = { ...names, [each]: `/a${character}b` };
        expect(() => xml(given)).toThrow(UsageError);
        expect(() => xml(given)).toThrow(/cannot be written in XML/);
      }
    },
  );
});
