import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumLine, chooseOutput, fillIn, writeChecksum } from '../../src/build/output.js';
import { testFolder } from '../helpers/small-installer.js';

const parts = { title: 'Install OS X Yosemite', version: '10.10.5', build: '14F27' };

describe('names', () => {
  it('are filled in', () => {
    expect(fillIn('{name}.iso', parts)).toBe('Install OS X Yosemite.iso');
    expect(fillIn('osx-{version}-{build}.iso', parts)).toBe('osx-10.10.5-14F27.iso');
    expect(fillIn('plain.iso', parts)).toBe('plain.iso');
    expect(fillIn('{name}', { ...parts, title: 'a/b' })).toBe('a-b');
    for (const bad of ['{nam}', '{}', '{Version}']) expect(() => fillIn(bad, parts)).toThrow(/stands for nothing/);
  });

  it('in a folder of the output too', async () => {
    await mkdir(join(testFolder(), '10.10.5'));
    const { iso } = await chooseOutput(join(testFolder(), '{version}', '{build}.iso'), parts, false);
    expect(iso).toBe(join(testFolder(), '10.10.5', '14F27.iso'));
  });
});

describe('what is there already', () => {
  it('is never replaced: ISO, manifest or checksum file', async () => {
    for (const ending of ['', '.json', '.sha256']) {
      const iso = join(testFolder(), `there${ending}.iso`);
      await writeFile(`${iso}${ending}`, 'mine');
      const wanted = { exitCode: 2, message: expect.stringContaining(`${iso}${ending} exists already`) };
      await expect(chooseOutput(iso, parts, false)).rejects.toMatchObject(wanted);
      await expect(chooseOutput(iso, parts, true)).resolves.toMatchObject({ iso });
    }
  });
});

describe('the checksum file', () => {
  it('is read by sha256sum, whatever the name', async () => {
    for (const name of ['plain.iso', 'two words.iso', 'back\\slash.iso', 'new\nline.iso']) {
      const iso = join(testFolder(), name);
      await writeFile(iso, 'abc');
      await writeChecksum(`${iso}.sha256`, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', name);
      const said = execFileSync('sha256sum', ['-c', basename(`${iso}.sha256`)], {
        cwd: testFolder(),
        encoding: 'utf8',
      });
      expect(said).toMatch(/OK\n$/);
    }
    expect(checksumLine('00', 'x')).toBe('00  x\n');
  });
});
