import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMPILED } from '../helpers/compiled.js';
import { top } from '../helpers/imports.js';
import { LONG } from '../helpers/long.js';
import { smallInstaller, testFolder } from '../helpers/small-installer.js';

/** Runs an example as it is compiled: what it imports is the package by its name. */
async function example(name: string, ...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const ran = promisify(execFile)(process.execPath, [join(COMPILED, 'examples', `${name}.js`), ...args], {
    cwd: testFolder(),
  });
  return ran.then(
    (output) => ({ ...output, code: 0 }),
    ({ stdout, stderr, code }) => ({ stdout, stderr, code }),
  );
}

describe('the examples', () => {
  it.runIf(LONG)('build.ts builds, and says what it does', async () => {
    const iso = join(testFolder(), 'example.iso');
    const { stdout, stderr } = await example('build', await smallInstaller(), iso);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toContain('Prove the ISO');
    expect(stdout).toMatch(/example\.iso: OS X 10\.10\.5 Yosemite \(\w+\), sha256 [0-9a-f]{64}\n$/);
  });

  it.runIf(LONG)('build.ts fails with a sentence and an exit code', async () => {
    const { stderr, code } = await example('build', join(testFolder(), 'nothing.app'), 'x.iso');
    expect(stderr).toContain('nothing.app');
    expect(code).toBe(3);
  });

  it.runIf(LONG)('plan.ts says what a build would do, and touches nothing', async () => {
    await mkdir(join(testFolder(), 'planned'));
    const { stdout, stderr } = await example('plan', await smallInstaller());
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^OS X 10\.10\.5 Yosemite \(\w+\) would become .*10\.10\.5\.iso, of at most \d+ bytes\.\nattach /,
    );
    expect(await readdir(testFolder())).not.toContain('10.10.5.iso');
  });

  it('list-dmg.ts lists a disk image, in ten lines', async () => {
    const image = join(top, 'test/fixtures/udif/brew-container.dmg');
    const { stdout, stderr } = await example('list-dmg', image);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^folder 0 \/\n/);
    expect(stdout).toMatch(/^file \d+ \/.+$/m);
    const code = await readFile(join(top, 'examples/list-dmg.ts'), 'utf8');
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(10);
  });
});
