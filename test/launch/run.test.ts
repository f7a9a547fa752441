import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StepError } from '../../src/errors.js';
import { makeMachine } from '../../src/launch/machine.js';
import { type RunOptions, runMachine } from '../../src/launch/run.js';
import { Secret } from '../../src/launch/secret.js';
import { scratch } from '../helpers/judges/tool.js';
import { fakeQemu } from './fake-qemu.js';

const KEY = 'A'.repeat(64);
const program = join(import.meta.dirname, 'fake-qemu.mjs');
const machine = makeMachine({ accelerator: 'kvm', display: { kind: 'none' } });

let folder: string;
let notes: string[];
let lines: string[];
beforeEach(() => {
  folder = scratch('run');
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
  notes = [];
  lines = [];
});
afterEach(() => {
  // Neither a socket nor a configuration is left behind.
  expect(readdirSync(folder).filter((name) => name.startsWith('osx-iso-'))).toEqual([]);
  vi.unstubAllEnvs();
});

function start(plan: object, options: Partial<RunOptions> = {}, version = '8.2.0', release = machine.release) {
  vi.stubEnv('FAKE_QEMU', JSON.stringify({ log: join(folder, 'log'), asked: join(folder, 'asked'), ...plan }));
  return runMachine({ ...machine, release }, fakeQemu(version, { program }), {
    signal: new AbortController().signal,
    osk: new Secret(KEY),
    note: (text) => notes.push(text),
    onLine: (line) => lines.push(line),
    ...options,
  });
}
const starts = () =>
  readFileSync(join(folder, 'log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as string[]).join(' '));

describe('a guest', () => {
  test('that shuts down', async () => {
    const end = await start({ exitLater: 0 });
    expect(end).toEqual({ by: 'guest', off: true, status: 0, seconds: expect.any(Number), accelerator: 'kvm' });
    expect(notes).toEqual([]);
    expect(starts()).toHaveLength(1);
  });

  test('that restarts: its run ends where that is wanted, and only then QEMU is told', async () => {
    expect(await start({ restarts: true }, { untilRestart: true })).toMatchObject({ by: 'guest', restarts: true });
    expect(starts()[0]).toContain('-no-reboot');
    expect(await start({ exitLater: 0 }, { untilRestart: true })).not.toHaveProperty('restarts');
    await start({ exitLater: 0 });
    expect(starts()[2]).not.toContain('-no-reboot');
  });

  test('whose QEMU ends with a status of its own', async () => {
    expect(await start({ exitLater: 33 })).toMatchObject({ by: 'guest', status: 33 });
  });

  test('whose QEMU somebody kills: no word of a start that failed', async () => {
    await expect(start({ killed: 'SIGKILL' })).rejects.toThrow(
      /^QEMU was ended by SIGKILL after \d+ s: to the guest that is as if the plug were pulled\.$/,
    );
  });

  test('whose time is over: its screen is kept', async () => {
    const screenshot = join(folder, 'screen.png');
    const end = await start({}, { stopAfter: 0.3, screenshot });
    expect(end).toMatchObject({ by: 'time', status: 0, screenshot });
    expect(readFileSync(screenshot, 'utf8')).toBe('png');
  });

  describe('that the user stops', () => {
    /** What QEMU was asked since the user did so. */
    const asked = () =>
      readFileSync(join(folder, 'asked'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as (string | null)[]).filter((word) => word !== null).join(' '))
        .filter((line) => !/^q(mp_capabilities|uery-status)$/.test(line));
    const stop = (plan: object, options: Partial<RunOptions> = {}, release?: string) => {
      const controller = new AbortController();
      const onLine = () => controller.abort();
      return start({ ready: true, ...plan }, { signal: controller.signal, onLine, ...options }, undefined, release);
    };

    test('is asked to shut down, and does', async () => {
      const screenshot = join(folder, 'screen.png');
      expect(await stop({ hears: 0 }, { screenshot })).toMatchObject({ by: 'user', off: true, status: 0, screenshot });
      expect(asked()).toEqual(['screendump', 'system_powerdown']);
      expect(notes).toEqual(['The guest was asked to shut down. By force in 60 s; Ctrl-C again: at once.']);
    });

    test('and does not go: is given the keys, is told the seconds, and is ended', async () => {
      expect(await stop({}, { grace: 2 })).toMatchObject({ by: 'user', off: false, status: 0 });
      expect(asked()).toEqual(['system_powerdown', 'send-key ctrl alt meta_l power', 'quit']);
      expect(notes).toEqual([
        'The guest was asked to shut down. By force in 2 s; Ctrl-C again: at once.',
        'By force in 1 s; Ctrl-C again: at once.',
        'The guest did not shut down: ended by force.',
      ]);
    });

    test('and is in a hurry: is ended at once, whatever it was given', async () => {
      const urgent = new AbortController();
      const note = () => urgent.abort();
      // Mavericks does not listen to the button: it has the keys from the beginning.
      expect(await stop({}, { urgent: urgent.signal, note }, '10.9')).toMatchObject({ by: 'user', off: false });
      expect(asked()).toEqual(['system_powerdown', 'send-key ctrl alt meta_l power', 'quit']);
    });

    test('and gives no time: is not asked', async () => {
      expect(await stop({ hears: 0 }, { grace: 0 })).toMatchObject({ by: 'user', off: false });
      expect(asked()).toEqual(['quit']);
    });

    test('and ends with a status of its own', async () => {
      expect(await stop({ hears: 33 })).toMatchObject({ by: 'user', off: true, status: 33 });
    });
  });

  test('that is stopped before it starts', async () => {
    await expect(start({}, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(existsSync(join(folder, 'log'))).toBe(false);
  });

  test('whose QEMU does not listen is ended all the same', async () => {
    expect(await start({ deaf: true }, { stopAfter: 0.2 })).toMatchObject({ by: 'time' });
  });

  test('whose QEMU hangs is ended all the same, and soon', async () => {
    const controller = new AbortController();
    let stopped = 0;
    const onLine = () => {
      stopped = Date.now();
      controller.abort();
    };
    const screenshot = join(folder, 'screen.png');
    const end = await start({ hung: true, ready: true }, { signal: controller.signal, onLine, screenshot });
    expect(end).toMatchObject({ by: 'user' });
    expect(notes).toEqual(['No picture was taken: QEMU does not answer.']);
    expect(end.off).toBe(false);
    // 2 s on a computer that is not busy; before, this had no end.
    expect(Date.now() - stopped).toBeLessThan(20_000);
  });

  test('without a screen, and by a QEMU that makes no PNG', async () => {
    const screenshot = join(folder, 'screen.png');
    expect(await start({ noScreen: true }, { stopAfter: 0.2, screenshot })).not.toHaveProperty('screenshot');
    expect(await start({}, { stopAfter: 0.2, screenshot }, '6.2.0')).not.toHaveProperty('screenshot');
    expect(await start({ exitLater: 0 }, { screenshot })).not.toHaveProperty('screenshot');
    expect(notes).toEqual([
      'No picture was taken: QEMU: no surface',
      'QEMU 6.2.0 makes no PNG files; 7.1 and later do.',
      'The guest ended by itself: there was no screen left to take a picture of.',
    ]);
  });

  test('that starts again and again', async () => {
    await start({ resets: 6 }, { stopAfter: 0.3 });
    expect(notes).toEqual([expect.stringContaining('ignore_msrs')]);
    notes.length = 0;
    await start({ resets: 2 }, { stopAfter: 0.3 });
    expect(notes).toEqual([]);
  });
});

describe('an internal error', () => {
  test('under KVM: started again by TCG', async () => {
    const end = await start({ failing: 'accel=kvm', exitLater: 0 });
    expect(end).toMatchObject({ by: 'guest', accelerator: 'tcg', status: 0 });
    expect(notes).toEqual(['KVM gave up on the guest (internal error): started again by TCG, which is slow.']);
    const [first, second] = starts();
    expect(first).toContain('accel=kvm');
    const folderOf = (line: string) => /osx-iso-[0-9a-f]{12}/.exec(line)![0];
    expect(second).toBe(first!.replace('accel=kvm', 'accel=tcg').replaceAll(folderOf(first!), folderOf(second!)));
  });

  test('under TCG, too, is the end', async () => {
    await expect(start({ failing: 'accel=' })).rejects.toThrow('internal error under TCG, too');
  });
});

describe('QEMU that does not start', () => {
  test('is explained', async () => {
    const stderr = [
      "warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]",
      '-device ide-hd,drive=MacHDD: Failed to get "write" lock',
      'Is another process using the image [/hdd]?',
    ];
    const error = await start({ stderr, exitAtOnce: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StepError);
    expect((error as StepError).message).toBe(
      'QEMU did not start. A disk is in use by another program, probably by another guest. Its words: qemu-system-x86_64: Is another process using the image [/hdd]?',
    );
    expect((error as StepError).hint).toBe('Shut that guest down first.');
    expect(lines).toHaveLength(3);
  });

  test('for a reason that is not known: with its words', async () => {
    await expect(start({ stderr: ['something new'], exitAtOnce: 1 })).rejects.toThrow(
      /^QEMU did not start \(exit status 1\)\. Its words: qemu-system-x86_64: something new$/,
    );
  });

  test('because it is not there', async () => {
    const gone = runMachine(machine, fakeQemu('8.2.0', { program: '/nowhere/qemu' }), {
      signal: new AbortController().signal,
      note: () => {},
    });
    await expect(gone).rejects.toMatchObject({ exitCode: 4 });
  });
});

test('the key is in no argument, no line and no error, even if QEMU says it', async () => {
  const error = await start({ stderr: [`bad key ${KEY}`], exitAtOnce: 1 }).catch((thrown: unknown) => thrown);
  const seen = [...starts(), ...notes, ...lines, String((error as Error).stack), JSON.stringify(error)].join('\n');
  expect(seen).toContain('bad key [hidden]');
  expect(seen).not.toContain('AAAA');
});

test('a long TMPDIR does not make the socket’s name too long', async () => {
  vi.stubEnv('TMPDIR', join(tmpdir(), 'x'.repeat(100)));
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
  expect(await start({ exitLater: 0 })).toMatchObject({ by: 'guest' });
});
