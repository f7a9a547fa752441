import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bootGuest } from '../../src/cli/commands/boot-guest.js';
import { BOOT_DEFAULTS, type BootOptions } from '../../src/cli/commands/boot-options.js';
import { guestDelete } from '../../src/cli/commands/guest/delete.js';
import type { Context } from '../../src/cli/context.js';
import type { GuestEnd, GuestFolder } from '../../src/index.js';
import * as osx from '../../src/index.js';
import { quickQemuImg, systemDisk, type ToySystem } from '../guest-folder/systems.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';

// What `osx-iso boot GUEST` does around QEMU, which is a stand-in here: between two starts the test puts onto the disk what an
// installer would.

let folder: GuestFolder;
let said: string[];
let asked: (readonly string[])[];
let answer: number | undefined;
let stop: AbortController;
/** What QEMU was started with, a start each. */
let starts: { readonly iso: boolean; readonly key: string | undefined }[];

beforeEach(() => {
  // It would only be asked whether a disk is in use.
  vi.stubEnv('PATH', `${quickQemuImg()}:${process.env.PATH}`);
  const path = scratch('guest');
  const disks = [{ file: 'disk.img', made: true }];
  const loader = { kind: 'chameleon', file: join(path, 'boot') } as const;
  const machine = { chipset: 'q35', network: 'e1000-82545em' } as const;
  const identity = { mac: '52:54:00:12:34:56', uuid: '6f1f1d3e-33a5-4d39-9c0f-5c1f3a7d3c11' };
  const guest = { schema: 1, release: '10.10', installed: false, iso: join(path, 'x.iso'), disks, loader } as const;
  folder = { name: path, path, guest: { ...guest, ...machine, ...identity } };
  writeFileSync(join(path, 'guest.json'), JSON.stringify(folder.guest));
  writeFileSync(join(path, 'disk.img'), new Uint8Array(1 << 20));
  for (const name of ['x.iso', 'boot']) writeFileSync(join(path, name), 'x');
  [said, asked, starts, answer] = [[], [], [], undefined];
  stop = new AbortController();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const context = (terminal: boolean): Context => ({
  signal: stop.signal,
  emit: () => {},
  print: (text) => said.push(text),
  write: async () => {},
  remark: (text) => said.push(text),
  holds: () => {},
  tell: () => {},
  onSecond: () => {},
  exits: () => {},
  ...(terminal && {
    choose: async (things: readonly string[]) => {
      asked.push(things);
      return answer;
    },
  }),
  terminal: { columns: undefined, paint: (_, text) => text },
  json: false,
  quiet: false,
  verbose: false,
  version: '0',
});

/** The library with a QEMU that does `runs`, one after the other. */
function library(...runs: (() => Promise<'restarts' | 'off' | 'stopped'>)[]): typeof osx {
  const end: GuestEnd = { by: 'guest', off: true, status: 0, seconds: 60, accelerator: 'tcg' };
  const plan = { notes: [], machine: { display: { kind: 'none' } }, ports: { forwards: [] } };
  return {
    ...osx,
    licenceNote: async () => undefined,
    planBoot: async (options: osx.BootOptions) => {
      starts.push({ iso: options.iso !== undefined, key: options.environment?.reveal() });
      return plan as unknown as osx.BootPlan;
    },
    boot: async (_: osx.BootPlan, { onRestart }: osx.BootRun) => {
      for (const run of runs) {
        const how = await run();
        if (how === 'stopped') return { ...end, by: 'user', off: false };
        if (how === 'off' || !(await onRestart?.())) return end;
      }
      return end;
    },
  };
}
const installs = async (toy?: ToySystem) => writeFileSync(join(folder.path, 'disk.img'), await systemDisk(toy));
const boot = (lib: typeof osx, more: Partial<BootOptions> = {}, terminal = false) =>
  bootGuest(lib, folder, { ...BOOT_DEFAULTS, ...more }, context(terminal));
const kept = () => JSON.parse(readFileSync(join(folder.path, 'guest.json'), 'utf8')) as osx.Guest;
const all = () => said.join('\n');

describe('an installer that restarts the guest', () => {
  const finished = async () => {
    await installs();
    return 'restarts' as const;
  };
  const off = async () => 'off' as const;

  test('has finished: the guest goes on from its disk, and without a terminal the plist is a line to type', async () => {
    await boot(library(finished, off));
    expect(starts.map(({ iso }) => iso)).toEqual([true, false]);
    expect(all()).toMatch(/The disk is empty.*The installer has finished.*It starts again, from its disk/s);
    expect(all()).toContain(`osx-iso plist --template yosemite --image ${join(folder.path, 'disk.img')}`);
    expect(kept()).toMatchObject({ installed: true, system: { version: '10.10.5' } });
  });

  test('has finished: the plist is put there where that is answered, and with --yes', async () => {
    answer = 0;
    await boot(library(finished, off), {}, true);
    expect(asked).toEqual([['Put it there', 'Leave the disk as it is']]);
    expect(all()).toMatch(/add +\/Extra\/org\.chameleon\.Boot\.plist/);
    // It is there now: nobody is asked again.
    writeFileSync(join(folder.path, 'guest.json'), JSON.stringify(folder.guest));
    await boot(library(off), {}, true);
    expect(asked).toHaveLength(1);
  });

  test.runIf(LONG)('has finished: the disk stays as it is where nobody answers', async () => {
    await boot(library(finished, off), {}, true);
    expect(asked).toHaveLength(1);
    expect(all()).not.toContain('written, and read back');
  });

  test('has not: it goes on with the installer, which is said', async () => {
    const half = async () => {
      await installs({ blessed: false });
      return 'restarts' as const;
    };
    await boot(library(half, finished, off));
    expect(starts.map(({ iso }) => iso)).toEqual([true, true, false]);
    expect(all()).toMatch(/the installation has not ended.*with the installer attached.*from its disk/s);
  });

  test('and was named for this start alone is left out afterwards', async () => {
    const { iso, ...guest } = folder.guest;
    folder = { ...folder, guest };
    writeFileSync(join(folder.path, 'guest.json'), JSON.stringify(guest));
    await boot(library(finished, off), { iso: iso!, typed: ['iso'] });
    expect(starts.map((start) => start.iso)).toEqual([true, false]);
    expect(kept()).toMatchObject({ installed: true });
    expect(kept()).not.toHaveProperty('iso');
  });

  test('keeps the key that was in the environment', async () => {
    vi.stubEnv('OSX_ISO_OSK', 'B'.repeat(64));
    await boot(library(finished, off));
    expect(starts.map(({ key }) => key)).toEqual(['B'.repeat(64), 'B'.repeat(64)]);
    expect(all()).not.toMatch(/B{8}/);
  });

  test('and a guest that is stopped: nobody is asked, what was installed is kept', async () => {
    const stopped = async () => {
      await installs();
      stop.abort();
      return 'stopped' as const;
    };
    await expect(boot(library(stopped), {}, true)).rejects.toThrow('Interrupted');
    expect(asked).toEqual([]);
    expect(kept().installed).toBe(true);
    expect(all()).toContain('To put it there, while the guest is off:');
  });
});

describe('osx-iso guest delete', () => {
  const remove = () => guestDelete(osx, { name: folder.path, force: false }, context(true));

  test('asks, and does what is answered', async () => {
    await remove();
    answer = 1;
    await remove();
    expect(existsSync(join(folder.path, 'disk.img'))).toBe(true);
    expect(all()).toContain('Nothing was deleted.');
    expect(all()).toMatch(/disk\.img \(1\.0 MB\), guest\.json \(.*\); not boot, x\.iso\. What is deleted is gone\./);
    answer = 0;
    await remove();
    expect(existsSync(join(folder.path, 'guest.json'))).toBe(false);
    expect(existsSync(join(folder.path, 'x.iso'))).toBe(true);
  });
});
