import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { planBoot } from '../../src/boot/boot.js';
import { examineMedium } from '../../src/boot/medium.js';
import type { BootOptions } from '../../src/boot/options.js';
import { SeveralErrors, UserError } from '../../src/errors.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { kextFiles, putFiles, releaseFiles } from '../helpers/opencore.js';
import { zipOf } from '../helpers/zip.js';
import { makeMultibootStub } from './multiboot-stub.js';

const KEY = 'A'.repeat(64);
let folder: string;
let qemu: string;
/** Another program's. */
const busy = createServer();
const at = (name: string) => join(folder, name);

/** Says what a QEMU says about itself, and is never started. */
const QEMU = (version: string, devices: string) => `#!/bin/sh
case "$*" in
  --version) echo 'QEMU emulator version ${version}';;
  '-device help') printf 'name "%s", bus x\\n' ${devices};;
  '-accel help') printf 'Accelerators:\\ntcg\\nkvm\\n';;
  '-machine q35,help') printf '  smbios-entry-point-type=<str>\\n  vmport=<x>\\n';;
  '-netdev help') printf 'Available netdev backend types:\\nuser\\n';;
  *) echo started >>"$(dirname "$0")/started"; exit 1;;
esac
`;

beforeAll(async () => {
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  folder = scratch('boot');
  qemu = at('qemu');
  writeFileSync(qemu, QEMU('8.2.0', 'isa-applesmc ide-hd e1000-82545em'), { mode: 0o755 });
  mkdirSync(at('bin'));
  const info = '{"virtual-size": 1048576}';
  writeFileSync(at('bin/qemu-img'), `#!/bin/sh\necho '${info}'\n`, { mode: 0o755 });
  writeFileSync(at('osk'), KEY, { mode: 0o600 });
  writeFileSync(at('boot'), makeMultibootStub('x'));
  writeFileSync(at('hdd.img'), new Uint8Array(1 << 20));
  writeFileSync(at('bad.iso'), new Uint8Array(1 << 20));
  writeFileSync(at('good.iso'), new Uint8Array(4096));
  writeFileSync(at('good.iso.json'), JSON.stringify(manifest));
});
afterAll(() => {
  busy.close();
});
beforeEach(() => {
  vi.stubEnv('OSX_ISO_OSK', '');
  vi.stubEnv('PATH', `${at('bin')}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const manifest = {
  schema: 1,
  source: { version: '10.9.5' },
  iso: { size: 4096 },
  facts: { checks: [{ name: 'kernel', ok: true, text: '' }] },
  boot: { memory: 3072 },
};

const options = (more: Partial<BootOptions>): BootOptions => ({
  disks: [],
  smc: true,
  accelerator: 'tcg',
  monitor: false,
  qemuArgs: [],
  force: false,
  dryRun: true,
  qemu,
  oskFile: at('osk'),
  ...more,
});
/** As on a computer of this size, whatever it is. */
const size = { memory: 6000, processors: 6 };
const plan = (more: Partial<BootOptions>, host = size) =>
  planBoot(options(more), { signal: new AbortController().signal, size: host });
const given = () => ({ iso: at('good.iso'), chameleon: at('boot') });

describe('a plan', () => {
  test('each disk has its own format', async () => {
    const disks = [at('own.img'), at('hdd.img')];
    writeFileSync(disks[0]!, Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(1 << 20)]));
    const { machine } = await plan({ ...given(), disks, diskFormats: ['raw', 'raw'] });
    expect(machine.disks.slice(0, 2).map(({ format }) => format)).toEqual(['raw', 'raw']);
    await expect(plan({ ...given(), disks, diskFormats: [undefined, 'raw'] })).rejects.toThrow(/own\.img/);
  });

  test('from the manifest: release, memory, and what to know', async () => {
    const { machine, notes, osk } = await plan({ ...given(), disks: [at('hdd.img')], diskFormat: 'raw' });
    expect(machine).toMatchObject({ release: '10.9', memory: 3072, cpu: { model: 'core2duo' }, accelerator: 'tcg' });
    expect(machine.disks).toMatchObject([
      { id: 'MacHDD', file: at('hdd.img'), format: 'raw', port: 2, snapshot: false },
      { id: 'MacDVD', file: at('good.iso'), format: 'raw', port: 0, snapshot: true },
    ]);
    expect(notes).toEqual([
      'The guest gets 3072 MiB of memory and 2 processors; this computer has 6000 MiB and 6 processors (--memory, --smp).',
    ]);
    expect(osk?.source).toEqual({ kind: 'file', path: at('osk') });
    expect(JSON.stringify(machine)).not.toContain('AAAA');
  });

  test('says what to do about an expired certificate, unless the clock is set', async () => {
    const source = { version: '10.9.5', known: { signature: 'expired' } };
    writeFileSync(at('old.iso'), new Uint8Array(4096));
    writeFileSync(at('old.iso.json'), JSON.stringify({ ...manifest, source }));
    const old = { iso: at('old.iso'), chameleon: at('boot') };
    const signed = (validUntil: string) =>
      writeFileSync(at('old.iso.json'), JSON.stringify({ ...manifest, source: { ...source, signer: { validUntil } } }));
    expect((await plan(old)).notes).toContainEqual(expect.stringContaining('--clock 2019-10-08 --net none'));
    signed('2016-02-14T12:00:00.000Z');
    expect((await plan(old)).notes).toContainEqual(expect.stringContaining('--clock 2016-01-29 --net none'));
    signed('2900-01-01T00:00:00.000Z');
    expect(JSON.stringify((await plan(old)).notes)).not.toContain('certificate');
    signed('2016-02-14T12:00:00.000Z');
    expect(JSON.stringify((await plan({ ...old, clock: '2019-10-08' })).notes)).not.toContain('certificate');
    expect(JSON.stringify((await plan(given())).notes)).not.toContain('certificate');
  });

  test('by --release, against the manifest', async () => {
    expect((await plan({ ...given(), release: 'sierra', memory: 8192 })).machine).toMatchObject({
      release: '10.12',
      memory: 8192,
      cpu: { model: 'Penryn' },
    });
  });

  test('gives Chameleon a timeout, unless it is given another', async () => {
    const words = async (more: Partial<BootOptions>) => {
      const { firmware } = (await plan({ ...given(), ...more })).machine;
      return firmware.kind === 'bios' ? firmware.append : undefined;
    };
    expect(await words({})).toBe('timeout=5');
    expect(await words({ append: '-v' })).toBe('-v timeout=5');
    expect(await words({ append: '-v timeout=90' })).toBe('-v timeout=90');
    expect(await words({ append: '' })).toBe('');
  });

  test('gets a share of the computer, but for what was asked for', async () => {
    const sizes = async (more: Partial<BootOptions>) => {
      const { machine, notes } = await plan({ ...given(), ...more }, { memory: 16_000, processors: 8 });
      return [machine.memory, machine.smp.sockets * machine.smp.cores, notes.join().includes('this computer has')];
    };
    expect(await sizes({})).toEqual([4096, 4, true]);
    expect(await sizes({ memory: 1000 })).toEqual([1000, 4, true]);
    expect(await sizes({ memory: 1000, processors: 1 })).toEqual([1000, 1, false]);
  });

  test('is reached by ssh, and by the ports that were asked for', async () => {
    const asked = { sshPort: 2299, forwards: [{ host: 8080, guest: 80 }], mac: '52:54:00:00:00:01', uuid: 'u' };
    const { machine, ports } = await plan({ ...given(), ...asked });
    expect(ports).toEqual({ ssh: 2299, forwards: asked.forwards });
    expect(machine).toMatchObject({
      forwards: [{ host: 2299, guest: 22 }, ...asked.forwards],
      mac: asked.mac,
      uuid: 'u',
    });
    expect((await plan(given())).ports.ssh).toBeGreaterThan(0);
    expect((await plan({ ...given(), network: 'none' })).ports).toEqual({ forwards: [] });
  });

  test('with a disk that is still to be made', async () => {
    const found = await plan({ ...given(), disks: [at('new.qcow2')], createDisk: '30G' });
    expect(found.create).toEqual({ file: at('new.qcow2'), size: 30 * 2 ** 30 });
    expect(found.machine.disks[0]).toMatchObject({ format: 'qcow2' });
    // One that is there is taken as it is.
    expect(await plan({ ...given(), disks: [at('hdd.img')], createDisk: '30G' })).not.toHaveProperty('create');
  });

  test('of the installed guest', async () => {
    const { machine, notes } = await plan({ disks: [at('hdd.img')] });
    expect(machine.firmware).toEqual({ kind: 'bios' });
    expect(notes[0]).toContain('started like Yosemite');
  });

  test('takes the key out of the environment', async () => {
    vi.stubEnv('OSX_ISO_OSK', 'B'.repeat(64));
    const { osk } = await plan({ disks: [at('hdd.img')], oskFile: undefined } as unknown as BootOptions);
    expect(osk?.source).toEqual({ kind: 'environment' });
    expect(process.env).not.toHaveProperty('OSX_ISO_OSK');
  });

  test('without an SMC asks for no key', async () => {
    const found = await plan({ disks: [at('hdd.img')], smc: false, oskFile: '/nowhere' });
    expect(found).not.toHaveProperty('osk');
  });

  test('on a computer without QEMU is a plan for a recent one', async () => {
    const { notes, capabilities } = await plan({ ...given(), qemu: '/nowhere/qemu' });
    expect(notes[0]).toContain('There is no /nowhere/qemu');
    expect(capabilities.program).toBe('/nowhere/qemu');
  });

  test('with an old QEMU and a loader that does not fit says so', async () => {
    const old = at('old-qemu');
    writeFileSync(old, QEMU('2.6.0', 'isa-applesmc ide-hd'), { mode: 0o755 });
    const { notes } = await plan({ ...given(), release: '10.13', qemu: old });
    expect(notes.join('\n')).toMatch(
      /High Sierra is not started by Chameleon.*\n(?:.*\n)*.*wants QEMU 2.10 or newer; this is 2.6.0/,
    );
  });
});

describe('by UEFI', () => {
  const release = () => {
    const path = at('OpenCore-1.0.5-RELEASE.zip');
    writeFileSync(path, zipOf([...releaseFiles()].map(([name, bytes]) => ({ name, bytes }))));
    return path;
  };

  test('with OpenCore: its disk is gathered, and where it will be made is said', async (context) => {
    needs(context, '/usr/share/OVMF/OVMF_CODE_4M.fd');
    const opencore = release();
    const found = await plan({ iso: at('good.iso'), opencore, disks: [at('hdd.img')], diskFormat: 'raw' });
    expect(found.machine.firmware).toMatchObject({ kind: 'uefi', varsReadOnly: true });
    expect(found.machine.disks).toMatchObject([
      { id: 'Loader', file: resolve('opencore.img'), format: 'raw', bootIndex: 0 },
      { id: 'MacHDD', bootIndex: 1 },
      // A disk, not a CD.
      { id: 'MacDVD', port: 0, bootIndex: 2 },
    ]);
    expect(found.espCommand).toEqual(['opencore', 'esp', 'opencore.img', '--zip', opencore, '--release', '10.9']);
    const config = found.esp!.items.find(({ path }) => path.at(-1) === 'config.plist')!.data!;
    const uuid = /<key>SystemUUID<\/key>\s*<string>([^<]*)/.exec(
      Buffer.from(await config.read(0, config.size)).toString(),
    );
    expect(uuid?.[1]).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });

  test('with a kext that is an SMC no key is asked for', async (context) => {
    needs(context, '/usr/share/OVMF/OVMF_CODE_4M.fd');
    putFiles(folder, new Map([...kextFiles('VirtualSMC')]));
    const kext = [at('VirtualSMC.kext')];
    const found = await plan({ iso: at('good.iso'), opencore: release(), kext, oskFile: '/nowhere' });
    expect(found.machine.smc).toBe(false);
    expect(found).not.toHaveProperty('osk');
  });

  test('an ISO that has its loader itself needs none, and Chameleon starts it all the same', async (context) => {
    needs(context, '/usr/share/OVMF/OVMF_CODE_4M.fd');
    writeFileSync(at('both.iso'), new Uint8Array(4096));
    const esp = { size: 40 << 20, loader: 'OpenCore 1.0.5 (RELEASE)', config: 'made' };
    writeFileSync(at('both.iso.json'), JSON.stringify({ ...manifest, iso: { ...manifest.iso, esp } }));
    expect((await plan({ iso: at('both.iso') })).machine.firmware.kind).toBe('uefi');
    expect((await plan({ iso: at('both.iso'), chameleon: at('boot') })).machine.firmware.kind).toBe('bios');
    await expect(plan({ iso: at('both.iso'), firmware: 'bios' })).rejects.toThrow(/needs a boot loader/);
  });
});

describe('refused before QEMU starts', () => {
  const lonely = () => {
    const path = at('lonely-qemu');
    writeFileSync(path, QEMU('8.2.0', 'ide-hd'), { mode: 0o755 });
    return path;
  };
  const cases: [string, () => Partial<BootOptions>, number, RegExp, RegExp?][] = [
    ['nothing to start', () => ({}), 2, /nothing to start/, /--disk FILE/],
    ['no such ISO', () => ({ ...given(), iso: at('none.iso') }), 3, /none\.iso: no such file/],
    ['an ISO that fails', () => ({ ...given(), iso: at('bad.iso') }), 5, /could not start/, /osx-iso verify .*--force/],
    ['no loader', () => ({ iso: at('good.iso') }), 2, /needs a boot loader/, /--chameleon FILE/],
    [
      'no loader for a late release',
      () => ({ iso: at('good.iso'), release: '10.15' }),
      2,
      /boot loader/,
      /--opencore .*RELEASE\.zip/,
    ],
    ['a loader that is none', () => ({ ...given(), chameleon: at('hdd.img') }), 3, /multiboot header/, /second stage/],
    ['no such loader', () => ({ ...given(), chameleon: at('none') }), 3, /--chameleon .*no such file/],
    ['no such disk', () => ({ ...given(), disks: [at('none')] }), 3, /no such file/, /osx-iso disk create/],
    ['a wrong key', () => ({ ...given(), oskFile: at('boot') }), 4, /exactly 64 characters/, /--osk-file/],
    ['no key', () => ({ ...given(), oskFile: undefined }) as unknown as BootOptions, 4, /needs its key/, /OSX_ISO_OSK/],
    [
      'no QEMU',
      () => ({ ...given(), qemu: '/nowhere/q', dryRun: false, display: { kind: 'none' } }),
      4,
      /There is no/,
      /--qemu/,
    ],
    ['no SMC in QEMU', () => ({ ...given(), qemu: lonely() }), 4, /without isa-applesmc/],
    ['a release nobody knows', () => ({ ...given(), release: '10.4' }), 2, /expected one of 10\.6, /],
    ['two firmwares', () => ({ ...given(), firmware: 'uefi' }), 2, /give one of them/],
    ['a loader for the wrong one', () => ({ firmware: 'bios', loader: folder, disks: ['x'] }), 2, /--firmware uefi/],
    ['variables for the wrong one', () => ({ nvram: 'x', disks: ['x'] }), 2, /--nvram needs/],
    ['two loaders', () => ({ ...given(), opencore: 'x' }), 2, /--chameleon is for the BIOS, --opencore is for UEFI/],
    ['two for UEFI', () => ({ disks: ['x'], opencore: 'x', loader: 'y' }), 2, /--loader and --opencore/],
    [
      'OpenCore by BIOS',
      () => ({ disks: ['x'], opencore: 'x', firmware: 'bios' }),
      2,
      /--opencore needs --firmware uefi/,
    ],
    ['no such OpenCore', () => ({ iso: at('good.iso'), opencore: at('none') }), 3, /--opencore .*no such file/],
    ['a kext for nobody', () => ({ ...given(), kext: ['x'] }), 2, /--kext is for --opencore/],
    ['a size without a disk', () => ({ ...given(), createDisk: '3G' }), 2, /--create-disk needs --disk/],
    ['a bad size', () => ({ ...given(), disks: [at('n')], createDisk: 'much' }), 2, /expected a size/],
    ['too many disks', () => ({ disks: ['a', 'b', 'c', 'd', 'e'] }), 2, /4 disks at most/],
    [
      'a port without a network',
      () => ({ ...given(), sshPort: 5000, network: 'none' }),
      2,
      /--ssh-port needs a network/,
    ],
    [
      'a port that leads to two places',
      () => ({ ...given(), sshPort: 5000, forwards: [{ host: 5000, guest: 1 }] }),
      2,
      /cannot lead to two/,
    ],
    [
      'a port that is in use',
      () => ({ ...given(), sshPort: (busy.address() as AddressInfo).port, dryRun: false, display: { kind: 'none' } }),
      4,
      /another program has this port/,
      /--ssh-port PORT/,
    ],
    ['a bad date', () => ({ ...given(), clock: 'yesterday' }), 2, /expected a date/],
    ['no such folder', () => ({ ...given(), folder: at('none') }), 3, /--folder .*no such file/],
    ['a folder that is none', () => ({ ...given(), folder: at('osk') }), 3, /expected a folder/],
  ];
  test.each(cases)('%s', async (_, more, exitCode, message, hint) => {
    const error = await plan(more()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).exitCode).toBe(exitCode);
    if (hint) expect((error as UserError).hint).toMatch(hint);
    expect(`${(error as Error).message}${(error as UserError).hint}`).not.toContain('AAAA');
  });
});

describe('all that is missing at once', () => {
  const failure = (more: Partial<BootOptions>) =>
    plan(more).then(
      () => undefined,
      (thrown: unknown) => thrown as SeveralErrors,
    );

  test('is one error: numbered, each with what to type, the code of the gravest', async () => {
    vi.stubEnv('DISPLAY', '');
    vi.stubEnv('WAYLAND_DISPLAY', '');
    const error = await failure({
      iso: at('good.iso'),
      disks: [at('none')],
      oskFile: undefined,
      qemu: undefined,
      serial: at('nowhere/log'),
      dryRun: false,
      // Without it the screen would be on a page.
      display: { kind: 'window' },
      sshPort: (busy.address() as AddressInfo).port,
    } as unknown as Partial<BootOptions>);
    expect(error).toBeInstanceOf(SeveralErrors);
    const { message, errors, exitCode } = error!;
    expect(exitCode).toBe(4);
    expect(errors.length).toBeGreaterThanOrEqual(6);
    for (const [i, words] of [
      /The installer of Mavericks needs a boot loader\.\n {3}.*\n[\s\S]*forums that want a registration/,
      /--disk .*: no such file\.\n {3}Make it: osx-iso disk create/,
      /The guest's SMC needs its key\.\n/,
      /--ssh-port \d+: another program has this port/,
      /--serial .*: expected a folder to put it in, found nothing\.\n {3}Make it first: mkdir -p/,
      /There is no display for a window/,
    ].entries()) {
      expect(message).toMatch(words);
      expect(message).toContain(`\n\n${i + 1}. `);
    }
    expect(message).not.toContain('AAAA');
  });

  test('of one thing is that thing', async () => {
    const error = await failure({ ...given(), disks: [at('none')] });
    expect(error).not.toBeInstanceOf(SeveralErrors);
    expect(error).toMatchObject({ exitCode: 3, hint: expect.stringContaining('osx-iso disk create') });
  });

  test('where a loader is had from, by release', async () => {
    expect((await failure({ iso: at('good.iso'), release: '10.15' }))?.hint).not.toContain('Enoch');
    expect((await failure({ iso: at('good.iso'), release: '10.12' }))?.hint).toMatch(
      /Enoch[\s\S]*\nor OpenCore[\s\S]*acidanthera/,
    );
  });

  test.each([
    ['a web page', '<!doctype html><p>', /expected a disk image, found a web page/],
    ['an archive', Buffer.from('1f8b0800', 'hex'), /found a gzip file/],
    ['some words', 'x', /found a file of 1 bytes/],
  ])('a disk that is %s', async (_, content, words) => {
    writeFileSync(at('nodisk'), content);
    await expect(plan({ ...given(), disks: [at('nodisk')] })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(words),
    });
  });

  test("the installer as the guest's own disk; a screenshot over a file; a clock of no calendar; no memory", async () => {
    writeFileSync(at('twice.iso'), new Uint8Array(1 << 20));
    writeFileSync(at('twice.iso.json'), JSON.stringify({ ...manifest, iso: { size: 1 << 20 } }));
    const cases: readonly [Partial<BootOptions>, RegExp][] = [
      [{ iso: at('twice.iso'), chameleon: at('boot'), disks: [at('twice.iso')] }, /the installer itself/],
      [{ ...given(), screenshot: at('osk') }, /--screenshot .*there is a file already/],
      [{ ...given(), screenshot: at('bin') }, /--screenshot .*expected a place for a file, found a folder/],
      [{ ...given(), clock: '2019-13-45' }, /expected a date/],
      [{ ...given(), memory: 16 }, /--memory 16: expected MiB, 512 or more/],
    ];
    for (const [more, message] of cases) {
      await expect(plan(more)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
    }
  });
});

describe('an ISO', () => {
  const look = (path: string, force = false) => examineMedium(path, { force, signal: new AbortController().signal });
  const iso = (name: string, json: string | undefined, older = false) => {
    const path = at(name);
    writeFileSync(path, new Uint8Array(4096));
    if (json !== undefined) writeFileSync(`${path}.json`, json);
    if (older) utimesSync(`${path}.json`, 1000, 1000);
    return path;
  };

  test('that fails is started by --force, and its faults are told', async () => {
    const found = await look(at('bad.iso'), true);
    expect(found).toMatchObject({ known: 'nothing' });
    expect(found.faults.length).toBeGreaterThan(0);
  });

  test('with its manifest is not opened', async () => {
    expect(await look(at('good.iso'))).toMatchObject({ known: 'manifest', version: '10.9.5', memory: 3072 });
  });

  test.each([
    ['another size', JSON.stringify({ ...manifest, iso: { size: 1 } })],
    ['a failed check', JSON.stringify({ ...manifest, facts: { checks: [{ ok: false }] } })],
    ['no checks', JSON.stringify({ ...manifest, facts: { checks: [] } })],
    ['no version', JSON.stringify({ ...manifest, source: {} })],
    ['nonsense for a check', JSON.stringify({ ...manifest, facts: { checks: [null] } })],
    ['no memory', JSON.stringify({ ...manifest, boot: { memory: 'much' } })],
    ['nothing', 'null'],
    ['no JSON', '{'],
  ])('whose manifest has %s is looked into', async (name, json) => {
    await expect(look(iso(`${name}.iso`, json))).rejects.toMatchObject({ exitCode: 5 });
  });

  test('that was changed after its manifest is looked into', async () => {
    await expect(look(iso('changed.iso', JSON.stringify(manifest), true))).rejects.toMatchObject({ exitCode: 5 });
  });

  test('without a manifest is looked into', async () => {
    await expect(look(iso('alone.iso', undefined))).rejects.toMatchObject({ exitCode: 5 });
    mkdirSync(at('folder.iso'));
    await expect(look(at('folder.iso'))).rejects.toMatchObject({ exitCode: 3 });
  });
});
