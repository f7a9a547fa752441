import { execFileSync } from 'node:child_process';
import { chmod, copyFile, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumLine, chooseOutput, fillIn } from '../../src/iso/output.js';
import { planBuild } from '../../src/iso/plan.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

const parts = { title: 'Install OS X Yosemite', version: '10.10.5', build: '14F27' };

describe('names', () => {
  it('are filled in', () => {
    expect(fillIn('{name}.iso', parts)).toBe('Install OS X Yosemite.iso');
    expect(fillIn('osx-{version}-{build}.iso', parts)).toBe('osx-10.10.5-14F27.iso');
    expect(fillIn('plain.iso', parts)).toBe('plain.iso');
    expect(fillIn('{name}', { ...parts, title: 'a/b' })).toBe('a-b');
    for (const bad of ['{nam}', '{}', '{Version}', '{constructor}', '{__proto__}'])
      expect(() => fillIn(bad, parts)).toThrow(/stands for nothing/);
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

describe('what the ISO is made from', () => {
  it('is never replaced by it, whatever it is called and with --force', async () => {
    const at = (name: string) => join(testFolder(), name);
    const esd = at('input.dmg');
    await copyFile(join(await smallInstaller(), 'Contents/SharedSupport/InstallESD.dmg'), esd);
    await symlink(esd, at('linked.iso'));
    await link(esd, at('hard.iso'));
    for (const name of ['input.dmg', 'linked.iso', 'hard.iso']) {
      const options = { app: esd, output: at(name), force: true, engine: 'native' as const };
      await expect(planBuild(options)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('this is what the ISO is made from'),
      });
    }
  });
});

describe('a place that will not do', () => {
  it('is refused before the work: names too long for the lock or the manifest, links that lead nowhere', async () => {
    for (const length of [245, 248, 251, 300]) {
      const iso = join(testFolder(), `${'n'.repeat(length - 4)}.iso`);
      await expect(chooseOutput(iso, parts, true)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/the name is too long for this disk/),
        hint: expect.stringContaining('255 bytes'),
      });
    }
    const longest = join(testFolder(), `${'n'.repeat(255 - '..iso.lock.turn'.length)}.iso`);
    await expect(chooseOutput(longest, parts, false)).resolves.toMatchObject({ iso: longest });

    const link = join(testFolder(), 'nowhere.iso');
    await symlink(join(testFolder(), 'not there'), link);
    await expect(chooseOutput(link, parts, false)).rejects.toThrow(/exists already, as a link that leads nowhere/);
    await expect(chooseOutput(link, parts, true)).resolves.toMatchObject({ iso: link });
    await expect(chooseOutput('/dev/null', parts, true)).rejects.toThrow(/found a device/);
    await expect(chooseOutput(join(link, 'x.iso'), parts, true)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('is said where everybody may replace what others have made', async () => {
    for (const [mode, said] of [
      [0o777, true],
      [0o1777, false],
      [0o775, false],
      [0o755, false],
    ] as const) {
      const folder = join(testFolder(), `mode-${mode.toString(8)}`);
      await mkdir(folder);
      await chmod(folder, mode);
      const { notes } = await chooseOutput(join(folder, 'x.iso'), parts, false);
      expect(notes.map((note) => /Everybody .* may replace files in .*chmod o-w/.test(note))).toEqual(
        said ? [true] : [],
      );
    }
  });
});

describe('the checksum file', () => {
  it('is read by sha256sum, whatever the name', async () => {
    for (const name of ['plain.iso', 'two words.iso', 'back\\slash.iso', 'new\nline.iso']) {
      const iso = join(testFolder(), name);
      await writeFile(iso, 'abc');
      const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      await writeFile(`${iso}.sha256`, checksumLine(sha256, name));
      const said = execFileSync('sha256sum', ['-c', basename(`${iso}.sha256`)], {
        cwd: testFolder(),
        encoding: 'utf8',
      });
      expect(said).toMatch(/OK\n$/);
    }
    expect(checksumLine('00', 'x')).toBe('00  x\n');
  });
});
