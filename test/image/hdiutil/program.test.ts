import { describe, expect, it } from 'vitest';
import { HostError, SourceError, type StepError } from '../../../src/errors.js';
import { ActError } from '../../../src/host/act.js';
import { classify, explainFailure } from '../../../src/image/hdiutil/failure.js';
import { findHdiutil, Hdiutil, type Runner } from '../../../src/image/hdiutil/program.js';
import { plistText } from '../../stand-in/plist-text.js';

const failure = (status: number, ...lines: string[]) => new ActError({ command: 'hdiutil x', status, lines });

describe('what a failure means', () => {
  it.each([
    [16, 'hdiutil: couldn\'t eject "disk4" - Resource busy', 'busy'],
    [16, 'hdiutil: impossibile espellere "disk4" - Risorsa occupata', 'busy'],
    [35, 'hdiutil: convert failed - 资源暂时不可用', 'busy'],
    [1, 'hdiutil: resize: failed. 资源暂时不可用 (35)', 'busy'],
    [1, 'hdiutil: attach failed - Resource busy', 'busy'],
    [1, 'hdiutil: detach: timeout for DiskArbitration expired', 'busy'],
    [1, 'hdiutil: detach failed - No such file or directory', 'gone'],
    [2, 'hdiutil: detach failed', 'gone'],
    [17, 'hdiutil: convert failed - File exists', 'exists'],
    [1, 'hdiutil: resize: failed. No space left on device (28)', 'no-space'],
    [1, 'hdiutil: attach failed - Operation not permitted', 'not-permitted'],
    [1, 'hdiutil: attach failed - image not recognized', 'not-recognized'],
    [1, 'hdiutil: attach failed - no mountable file systems', 'not-recognized'],
    [1, 'hdiutil: resize: failed. Invalid argument (22)', 'other'],
    [1, '', 'other'],
  ])('%d %s: %s', (status, line, kind) => {
    expect(classify(failure(status, line))).toBe(kind);
  });

  it('is said in words, with what to type, under the right exit code', () => {
    const said = (status: number, line: string) => explainFailure(failure(status, line), 'attach X.dmg') as StepError;
    expect(said(1, 'hdiutil: attach failed - Operation not permitted')).toBeInstanceOf(HostError);
    expect(said(1, 'hdiutil: attach failed - Operation not permitted').hint).toMatch(/Full Disk Access/);
    expect(said(1, 'hdiutil: attach failed - image not recognized')).toBeInstanceOf(SourceError);
    expect(said(16, 'hdiutil: attach failed - Resource busy').hint).toMatch(/osx-iso clean/);
    expect(said(16, 'hdiutil: attach failed - Resource busy').message).toBe(
      'Cannot attach X.dmg: attach failed - Resource busy.',
    );
  });
});

/** Runs against a list of answers: an error is thrown, a string is stdout. */
function scripted(answers: readonly (string | ActError)[]) {
  const calls: string[] = [];
  const slept: number[] = [];
  const left = [...answers];
  const runner: Runner = {
    act: async (_file, argv, options) => {
      calls.push(argv.join(' '));
      expect(options?.env).toMatchObject({ LANG: 'C', LC_ALL: 'C' });
      const next = left.shift() ?? '';
      if (typeof next !== 'string') throw next;
      return { stdout: next, stderr: '' };
    },
    sleep: async (milliseconds) => slept.push(milliseconds),
  };
  return { program: new Hdiutil('hdiutil', runner), calls, slept };
}

const busy = failure(16, 'hdiutil: couldn\'t unmount "disk4" - Resource busy');
const info = (...devices: string[]) =>
  plistText({
    images: devices.map((device) => ({
      'image-path': '/nowhere/x.dmg',
      'system-entities': [{ 'dev-entry': device }, { 'dev-entry': `${device}s2`, 'mount-point': '/m' }],
    })),
  });

describe('detach', () => {
  it('tries again after growing delays while the volume is busy', async () => {
    const { program, calls, slept } = scripted([busy, info('/dev/disk4'), busy, info('/dev/disk4'), '']);
    await program.detach('/dev/disk4');
    expect(calls.filter((call) => call.startsWith('detach'))).toEqual(Array(3).fill('detach /dev/disk4'));
    expect(slept).toEqual([500, 1000]);
  });

  it('uses force in the end, and only then', async () => {
    const answers = Array.from({ length: 6 }, () => [busy, info('/dev/disk4')]).flat();
    const { program, calls } = scripted([...answers, '']);
    await program.detach('/dev/disk4');
    const detaches = calls.filter((call) => call.startsWith('detach'));
    expect(detaches).toEqual([...Array(6).fill('detach /dev/disk4'), 'detach /dev/disk4 -force']);
  });

  it('takes what is gone for detached, whatever the words', async () => {
    const { program, calls } = scripted([
      failure(1, 'hdiutil: detach failed - Datei nicht gefunden'),
      info('/dev/disk9'),
    ]);
    await program.detach('/dev/disk4');
    expect(calls).toEqual(['detach /dev/disk4', 'info -plist']);
    const blind = scripted([failure(1, 'hdiutil: detach failed - No such file or directory'), failure(1, 'no info')]);
    await blind.program.detach('/dev/disk4');
    expect(blind.calls).toHaveLength(2);
  });

  it('gives up with the device and its words when force does not help either', async () => {
    const { program } = scripted(Array.from({ length: 20 }, () => [busy, info('/dev/disk4')]).flat());
    await expect(program.detach('/dev/disk4')).rejects.toThrow(/Cannot detach \/dev\/disk4: .*Resource busy/);
  });
});

describe('convert and resize', () => {
  it('wait for a helper of the detach before them', async () => {
    const again = failure(35, 'hdiutil: resize: failed. Resource temporarily unavailable (35)');
    const { program, slept } = scripted([again, again, '']);
    await program.runPatiently(['resize']);
    expect(slept).toEqual([500, 1000]);
  });

  it('do not try again what failed for another reason', async () => {
    const { program, calls } = scripted([failure(28, 'No space left on device')]);
    await expect(program.runPatiently(['convert'])).rejects.toThrow(ActError);
    expect(calls).toHaveLength(1);
  });
});

it('finds the program by OSX_ISO_HDIUTIL or PATH, or says what to do without', async () => {
  expect(await findHdiutil({ OSX_ISO_HDIUTIL: process.execPath })).toBe(process.execPath);
  await expect(findHdiutil({ OSX_ISO_HDIUTIL: '/nowhere/hdiutil' })).rejects.toThrow(HostError);
  await expect(findHdiutil({ PATH: '/nowhere:relative' })).rejects.toMatchObject({
    exitCode: 4,
    hint: expect.stringMatching(/--engine native/),
  });
});
