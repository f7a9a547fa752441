import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noJournal } from '../../src/core/journal.js';
import { Scope } from '../../src/core/scope.js';
import { UserError } from '../../src/errors.js';
import { bootOptionsOf } from '../../src/guest-folder/boot-options.js';
import { createGuest } from '../../src/guest-folder/create.js';
import { deleteGuest, planDeletion } from '../../src/guest-folder/delete.js';
import { expectFiles } from '../../src/guest-folder/files.js';
import { expectGuest, findGuest, listGuests } from '../../src/guest-folder/find.js';
import type { Guest } from '../../src/guest-folder/guest.js';
import { type GuestFolder, guestText } from '../../src/guest-folder/read.js';
import { withFields } from '../../src/guest-folder/set.js';
import { afterRun, startOf } from '../../src/guest-folder/start.js';
import { type TypedOptions, withTyped } from '../../src/guest-folder/typed.js';
import { writeGuest } from '../../src/guest-folder/write.js';
import { givenPath } from '../../src/host/given-path.js';
import { claimRun } from '../../src/launch/run-state.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { makeMultibootStub } from '../launch/multiboot-stub.js';
import { WHOLE } from './guests.js';
import { systemDisk } from './systems.js';

let place: string;
const at = (...names: string[]) => join(place, ...names);
const signal = new AbortController().signal;
const notes: string[] = [];
const context = () => ({ signal, scope: new Scope(), note: (text: string) => notes.push(text) });
const starting = () => ({ signal, journal: noJournal, note: (text: string) => notes.push(text) });

/** The sentence of an error, and what it says to type. */
async function refusal(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n${error.hint ?? ''}`;
    throw error;
  }
  return 'not refused';
}

const manifest = {
  schema: 1,
  source: { version: '10.10.5' },
  iso: { size: 4096 },
  facts: { checks: [{ name: 'kernel', ok: true, text: '' }] },
  boot: { memory: 2048 },
};

/** A guest's folder as a hand can make it, without QEMU. */
function put(name: string, more: Partial<Guest> = {}): GuestFolder {
  const { schema, release, chipset, network, mac, uuid } = WHOLE;
  const guest: Guest = {
    schema,
    release,
    installed: false,
    disks: [{ file: 'disk.img', made: true }],
    chipset,
    network,
    mac,
    uuid,
    ...more,
  };
  mkdirSync(at(name), { recursive: true });
  writeFileSync(at(name, 'guest.json'), guestText(guest));
  if (guest.disks[0]?.file === 'disk.img') writeFileSync(at(name, 'disk.img'), new Uint8Array(1 << 20));
  return { name: at(name), path: at(name), guest };
}

beforeAll(() => {
  place = scratch('guests');
  writeFileSync(at('good.iso'), new Uint8Array(4096));
  writeFileSync(at('good.iso.json'), JSON.stringify(manifest));
  writeFileSync(at('boot'), makeMultibootStub('x'));
  writeFileSync(at('osk'), 'A'.repeat(64), { mode: 0o600 });
});
beforeEach(() => {
  notes.length = 0;
});

describe('a guest that is made', () => {
  const make = (name: string, typed: TypedOptions = {}, more: { diskSize?: string } = {}) =>
    createGuest({ name: at(name), typed: { iso: at('good.iso'), ...typed }, ...more }, context());

  test('is a folder with its description and an empty disk; the key is a path in it', async (test) => {
    needs(test, 'qemu-img');
    const { path, guest } = await make(
      'yosemite',
      { chameleon: at('boot'), oskFile: at('osk'), memory: 4096 },
      { diskSize: '64M' },
    );
    expect(readdirSync(path).sort()).toEqual(['disk.qcow2', 'guest.json']);
    expect(guest).toMatchObject({
      release: '10.10',
      installed: false,
      iso: at('good.iso'),
      disks: [{ file: 'disk.qcow2', made: true }],
      loader: { kind: 'chameleon', file: at('boot') },
      keyFile: at('osk'),
      memory: 4096,
      chipset: 'q35',
      network: 'e1000-82545em',
    });
    expect((await findGuest(path))!.guest).toEqual(guest);
    expect(readFileSync(join(path, 'guest.json'), 'latin1')).not.toMatch(/A{8}/);
    const other = await make('other', {}, { diskSize: '64M' });
    expect(other.guest.mac).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
    expect(other.guest.mac).not.toBe(guest.mac);
    expect(other.guest.uuid).not.toBe(guest.uuid);
  });

  test('takes a disk that is there, and makes none', async (test) => {
    needs(test, 'qemu-img');
    writeFileSync(at('hdd.img'), new Uint8Array(1 << 20));
    const { path, guest } = await createGuest(
      { name: at('imported'), typed: { disks: [at('hdd.img')], release: '10.9' } },
      context(),
    );
    expect(readdirSync(path)).toEqual(['guest.json']);
    expect(guest).toMatchObject({ installed: true, release: '10.9', disks: [{ file: at('hdd.img') }] });
  });

  test('is refused, and nothing is left, where something is wrong', async () => {
    mkdirSync(at('taken'));
    const before = readdirSync(place);
    expect(await refusal(make('taken'))).toContain('exists already; it stays as it is.');
    expect(await refusal(make('nowhere/yosemite'))).toContain('expected a folder for the guest, found none');
    expect(await refusal(make('a', { iso: at('no.iso') }))).toContain('no such file');
    expect(await refusal(make('a', { chameleon: at('osk') }))).toContain('multiboot header');
    expect(await refusal(make('a', { oskFile: at('boot') }))).toContain('exactly 64 characters');
    expect(await refusal(make('a', { opencore: at('no.zip') }))).toContain('no such file or folder');
    expect(await refusal(make('a', { chameleon: at('boot'), opencore: at('osk') }))).toContain('give one of them');
    expect(await refusal(make('a', {}, { diskSize: 'large' }))).toContain('--disk-size large');
    expect(await refusal(make('a', { release: '9' }))).toContain('--release 9');
    expect(readdirSync(place)).toEqual(before);
  });

  test('is refused with all that is wrong at once, and with what its first start would lack', async () => {
    const before = readdirSync(place);
    const given = { iso: at('no.iso'), folder: at('no-folder'), disks: [at('no.img')], release: '10.10' };
    const text = await refusal(make('a', given));
    expect(text).toMatch(/^\d things are missing or in the way:/);
    expect(text.match(/^\d\. /gm)).toEqual(Array.from({ length: Number(text[0]) }, (_, i) => `${i + 1}. `));
    for (const words of ['no.iso', '--folder', '--disk', 'Yosemite needs a boot loader', 'needs its key'])
      expect(text).toContain(words);
    expect(notes).toEqual([]);
    const whole = { ...given, chameleon: at('boot'), oskFile: at('osk') };
    const less = await refusal(make('a', whole));
    for (const words of ['needs a boot loader', 'needs its key']) expect(less).not.toContain(words);
    expect(readdirSync(place)).toEqual(before);
  });

  test('needs qemu-img for its disk', async () => {
    const { PATH } = process.env;
    process.env.PATH = at('nowhere');
    try {
      expect(await refusal(make('a'))).toContain('1. There is no qemu-img on this computer.');
    } finally {
      process.env.PATH = PATH;
    }
  });

  test('is gone when it is stopped half way', async (test) => {
    needs(test, 'qemu-img');
    const before = readdirSync(place);
    const stop = new AbortController();
    const making = createGuest({ name: at('half'), typed: {} }, { ...context(), signal: stop.signal });
    stop.abort();
    await expect(making).rejects.toThrow();
    expect(readdirSync(place)).toEqual(before);
  });
});

describe('is found', () => {
  test('by its folder, with or without a stroke, and by its file; an ISO and a plain folder are none', async () => {
    put('found');
    mkdirSync(at('plain'), { recursive: true });
    writeFileSync(at('found.iso'), 'x');
    for (const given of ['found', 'found/', 'found//', 'found/guest.json']) {
      expect((await findGuest(at(given)))?.path).toBe(at('found'));
    }
    for (const given of ['found.iso', 'plain', 'nothing']) expect(await findGuest(at(given))).toBeUndefined();
  });

  test('or it is said which there are', async () => {
    put('only/yosemite');
    expect(await refusal(expectGuest(at('plain')))).toContain('found a folder without guest.json');
    expect(await refusal(expectGuest(at('good.iso')))).toContain('found a file');
    expect(await refusal(expectGuest(at('missing')))).toContain('found nothing');
  });

  test('in a list, the faulty ones among them, and which runs', async () => {
    put('list/a', { installed: true });
    put('list/b');
    mkdirSync(at('list/c'));
    writeFileSync(at('list/c/guest.json'), '{');
    const scope = new Scope();
    await claimRun(at('list/b'), scope, { ports: { forwards: [] } });
    const listed = await listGuests(at('list'));
    await scope.unwind('done');
    expect(listed).toMatchObject([
      { name: at('list/a'), folder: { guest: { installed: true } } },
      { name: at('list/b'), pid: process.pid },
      { name: at('list/c'), fault: expect.stringContaining('line 1') },
    ]);
    expect(listed[0]).not.toHaveProperty('pid');
  });
});

describe('what boot is asked', () => {
  test('is everything in the description, with absolute paths', async () => {
    const options = await bootOptionsOf({ path: '/guests/yosemite', guest: WHOLE });
    expect(options).toMatchObject({
      disks: ['/guests/yosemite/disk.qcow2', '/disks/data.img'],
      // Each its own: one that is attached as what it is not is lost.
      diskFormats: [undefined, 'raw'],
      chameleon: '/loaders/boot',
      append: 'timeout=5',
      oskFile: expect.stringMatching(/^\/.*\/\.osk$/),
      machine: 'q35',
      memory: 4096,
      processors: 2,
      network: 'e1000-82545em',
      mac: WHOLE.mac,
      uuid: WHOLE.uuid,
      sshPort: 2222,
      forwards: [{ host: 8080, guest: 80 }],
      accelerator: 'kvm',
      display: { kind: 'vnc', number: 1 },
      folder: '/guests/yosemite/drivers',
      serial: '/guests/yosemite/serial.log',
      qemu: '/opt/qemu/bin/qemu-system-x86_64',
    });
    // Installed, and started by Chameleon.
    expect(options).not.toHaveProperty('iso');
    expect(options).not.toHaveProperty('nvram');
  });

  test('keeps the installer while there is no system, and where its loader is on it', async () => {
    const iso = { iso: WHOLE.iso };
    expect(await bootOptionsOf({ path: '/g', guest: { ...WHOLE, installed: false } })).toMatchObject(iso);
    expect(await bootOptionsOf({ path: '/g', guest: { ...WHOLE, loader: { kind: 'iso' } } })).toMatchObject(iso);
  });

  test('a folder that was moved takes along what is in it', async () => {
    const folder = put('before', { iso: at('good.iso') });
    const serial = await writeGuest(
      folder,
      await withTyped(folder, { serial: at('before/serial.log'), disks: [at('before/other.img')] }),
      noJournal,
    );
    expect(serial.guest).toMatchObject({ serial: 'serial.log', disks: [{ file: 'other.img' }], iso: at('good.iso') });
    renameSync(at('before'), at('after'));
    expect(await bootOptionsOf((await findGuest(at('after')))!)).toMatchObject({
      disks: [at('after/other.img')],
      serial: at('after/serial.log'),
      iso: at('good.iso'),
    });
  });

  test('what is typed stands in the place of what is kept, loaders as a whole', async () => {
    const folder = { path: '/g', guest: { ...WHOLE, installed: false } };
    const typed = async (more: TypedOptions) => bootOptionsOf({ path: '/g', guest: await withTyped(folder, more) });
    expect(await typed({ memory: 8192, network: 'vmxnet3' })).toMatchObject({
      memory: 8192,
      network: 'vmxnet3',
      chameleon: '/loaders/boot',
    });
    expect(await typed({ qemu: '/g/qemu' })).toMatchObject({ qemu: '/g/qemu' });
    expect(await typed({ append: 'timeout=9' })).toMatchObject({ chameleon: '/loaders/boot', append: 'timeout=9' });
    const opencore = await typed({ opencore: '/oc.zip', kext: ['/k.kext'] });
    expect(opencore).toMatchObject({ opencore: '/oc.zip', kext: ['/k.kext'], nvram: '/g/variables.fd' });
    expect(opencore).not.toHaveProperty('chameleon');
    expect(opencore).not.toHaveProperty('append');
    expect(await refusal(typed({ chameleon: '/boot', efi: '/efi' }))).toContain('give one of them');
    expect(await refusal(typed({ kext: ['/k.kext'] }))).toContain('--kext is for --opencore');
  });
});

test('a disk below "~/" is looked for in the home of the user', async () => {
  const guest = put('home', { disks: [{ file: '~/vm/a.img' }] });
  const disk = await givenPath('~/vm/a.img');
  expect((await bootOptionsOf(guest)).disks).toEqual([disk]);
  expect(await refusal(expectFiles(guest, { disks: true }))).toContain(`disks: ${disk}: no such file`);
});

describe('fields that are set', () => {
  const set = (assignments: string[], guest: Partial<Guest> = {}, force = false) =>
    withFields({ path: '/g', guest: { ...WHOLE, installed: false, ...guest } }, assignments, { force });

  test('are checked as those of the file, and taken away by nothing', () => {
    expect(set(['memory=8192', 'ssh.port=2200', 'loader.append=timeout=3', 'smc=false', 'serial='])).toMatchObject({
      memory: 8192,
      ssh: { port: 2200 },
      loader: { kind: 'chameleon', file: '/loaders/boot', append: 'timeout=3' },
      smc: false,
    });
    expect(set(['serial='])).not.toHaveProperty('serial');
    const { mac, uuid } = set(['mac=new', 'uuid=new']);
    expect(mac).toMatch(/^52:54:00(:[0-9a-f]{2}){3}$/);
    expect([mac, uuid]).not.toEqual([WHOLE.mac, WHOLE.uuid]);
    expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(set(['forwards=[{"host": 8443, "guest": 443}]']).forwards).toEqual([{ host: 8443, guest: 443 }]);
    expect(set(['qemuArgs=-S']).qemuArgs).toEqual(['-S']);
    expect(set(['disks=/g/in.img']).disks).toEqual([{ file: 'in.img' }]);
    expect(set(['disks=[{"file": "a.img", "format": "raw"}]']).disks).toEqual([{ file: 'a.img', format: 'raw' }]);
    expect(set(['qemu=qemu-system-x86_64']).qemu).toBe('qemu-system-x86_64');
    expect(set(['qemu=/g/bin/qemu']).qemu).toBe('bin/qemu');
    expect(set(['qemu=/g/qemu']).qemu).toBe('./qemu');
    expect(set(['iso=/g/here.iso', 'keyFile=~/.osk'])).toMatchObject({ iso: 'here.iso', keyFile: '~/.osk' });
    expect(set(['disks=~/vm/a.img']).disks).toEqual([{ file: '~/vm/a.img' }]);
    expect(set(['loader={"kind": "efi", "file": "EFI"}']).loader).toEqual({ kind: 'efi', file: 'EFI' });
  });

  test.each([
    ['memory', /expected KEY=VALUE/],
    ['memory=lots', /memory: expected a whole number from 128 to 1048576 \(MiB\), found "lots"/],
    ['memory=1', /memory: expected a whole number from 128 .*, found 1/],
    ['mem=1', /mem: guest\.json has no such field/],
    ['memmory=4096', /is "memory" meant/],
    ['__proto__.x=1', /no such field/],
    ['ssh.prot=22', /no such field/],
    ['memory.size=1', /memory is a whole number/],
    ['loader.config=x', /no such field/],
    ['forwards=[1]', /forwards\[0\]: expected an object, found 1/],
    ['forwards=[{]', /forwards: expected a list .*, as JSON/],
    ['mac=', /mac: expected a MAC address .*, found nothing/],
    ['chipset=i440', /chipset: expected one of "q35", "pc", found "i440"/],
  ])('%s is refused', async (assignment, words) => {
    expect(await refusal(() => set([assignment]))).toMatch(words);
  });

  test('an installed system keeps its card and its chipset, unless that is forced', async () => {
    const installed = { installed: true };
    expect(await refusal(() => set(['network=vmxnet3'], installed))).toMatch(
      /installed with e1000-82545em, not vmxnet3.*\n--force/s,
    );
    expect(await refusal(() => set(['chipset=pc'], installed))).toContain('installed with q35');
    expect(set(['network=vmxnet3'], installed, true).network).toBe('vmxnet3');
    expect(set(['network=vmxnet3']).network).toBe('vmxnet3');
  });
});

describe('before a start', () => {
  const start = (folder: GuestFolder, typed: TypedOptions = {}, more: { save?: boolean; force?: boolean } = {}) =>
    startOf(folder, { typed, save: false, force: false, ...more }, starting());

  test('the disk is looked at: with a system on it the installer stays out, and that is kept', async () => {
    const folder = put('done', { iso: at('good.iso') });
    const disk = await systemDisk();
    writeFileSync(at('done/disk.img'), disk);
    const { options, folder: after } = await start(folder);
    expect(options).not.toHaveProperty('iso');
    expect(notes.join()).toContain(
      `"Macintosh HD" holds OS X 10.10.5 Yosemite (14F27). The installer's ISO is left out.`,
    );
    expect((await findGuest(at('done')))!.guest).toEqual(after.guest);
    expect(after.guest).toMatchObject({ installed: true, system: { version: '10.10.5', build: '14F27' } });
    expect(readFileSync(at('done/disk.img')).equals(disk)).toBe(true);
    // From now on without looking; who names the installer gets it.
    notes.length = 0;
    expect((await start(after)).options).not.toHaveProperty('iso');
    expect((await start(after, { iso: at('good.iso') })).options).toMatchObject({ iso: at('good.iso') });
    expect(notes).toEqual([]);
  });

  test('a disk that is only typed says nothing of the guest’s own: nothing of it is kept', async () => {
    const folder = put('lent', { iso: at('good.iso') });
    writeFileSync(at('typed.img'), await systemDisk());
    const before = readFileSync(at('lent/guest.json'), 'utf8');
    const started = await start(folder, { disks: [at('typed.img')] });
    // The installer is not wanted for this one start.
    expect(started.options).not.toHaveProperty('iso');
    expect(started).not.toHaveProperty('found');
    expect(readFileSync(at('lent/guest.json'), 'utf8')).toBe(before);
  });

  test('what was set while it ran stays when its disk is looked at afterwards', async () => {
    const folder = put('set', { iso: at('good.iso') });
    writeFileSync(at('set/disk.img'), await systemDisk());
    await writeGuest(folder, { ...folder.guest, memory: 4096 }, noJournal);
    const { folder: after } = await afterRun(folder, starting());
    expect(after.guest).toMatchObject({ installed: true, memory: 4096 });
    expect((await findGuest(at('set')))!.guest).toEqual(after.guest);
  });

  test('an installer that is named is attached, and so is one that holds the loader', async () => {
    const named = put('named');
    expect(await start(named, { iso: at('good.iso') })).toMatchObject({ before: { kind: 'empty' } });
    writeFileSync(at('named/disk.img'), await systemDisk());
    const { options, folder } = await start(named, { iso: at('good.iso') });
    expect([options.iso, folder.guest.installed]).toEqual([at('good.iso'), true]);
    expect(notes.at(-1)).toContain('is attached, as it was typed');
    const loads = put('loads', { iso: at('good.iso'), loader: { kind: 'iso' } });
    writeFileSync(at('loads/disk.img'), await systemDisk());
    const started = await start(loads);
    expect([started.options.iso, started.folder.guest.installed]).toEqual([at('good.iso'), true]);
    expect(notes.at(-1)).toContain("stays attached: the guest's loader is on it");
  });

  test.runIf(LONG)('a qcow2 disk, too', async (test) => {
    needs(test, 'qemu-img', 'qemu-nbd');
    const { diskFile } = await import('../guest-disk/disks.js');
    const folder = put('qcow2', { iso: at('good.iso'), disks: [{ file: 'disk.qcow2' }] });
    diskFile(at('qcow2'), await systemDisk(), 'qcow2');
    expect((await start(folder)).folder.guest.installed).toBe(true);
  });

  test.each([
    ['empty', async () => Buffer.alloc(1 << 20), /The disk is empty.*Mac OS Extended \(Journaled\).*GUID/s],
    ['unclean', () => systemDisk({ unmounted: false }), /not unmounted cleanly.*stays attached/],
    ['unfinished', () => systemDisk({ blessed: false }), /the installation has not ended/],
    ['foreign', async () => Buffer.alloc(1 << 20, 7), /no HFS\+ volume .*guest set .* installed=true/],
  ])('a disk that is %s: a sentence, and the installer stays in', async (name, disk, words) => {
    const folder = put(name, { iso: at('good.iso') });
    writeFileSync(at(name, 'disk.img'), await disk());
    const { options, before } = await start(folder);
    expect(options).toMatchObject({ iso: at('good.iso') });
    expect(before?.kind).not.toBe('system');
    expect(notes.join('\n')).toMatch(words);
  });

  test('files that are not there any more: each is named with its field, and how it is changed', async () => {
    const loader = { kind: 'chameleon', file: '/nowhere/boot' } as const;
    const folder = put('lost', { iso: '/nowhere/x.iso', loader, keyFile: '/nowhere/osk' });
    const said = await refusal(start(folder));
    expect(said.split('\n')).toEqual([
      expect.stringMatching(/guest\.json, iso: \/nowhere\/x\.iso: no such file or folder\.$/),
      expect.stringMatching(/guest\.json, loader\.file: \/nowhere\/boot: no such file or folder\.$/),
      expect.stringMatching(/guest\.json, keyFile: /),
      `If it is elsewhere now: osx-iso guest set ${at('lost')} iso=FILE`,
    ]);
    const typed = { iso: at('good.iso'), chameleon: at('boot'), oskFile: at('osk') };
    expect(await refusal(start(folder, typed))).toBe('not refused');
  });

  test('what is typed is for this start alone, unless it is to be kept', async () => {
    const folder = put('saved');
    expect((await start(folder, { memory: 1024 })).options.memory).toBe(1024);
    expect((await findGuest(at('saved')))!.guest.memory).toBeUndefined();
    await start(folder, { memory: 1024 }, { save: true });
    expect((await findGuest(at('saved')))!.guest.memory).toBe(1024);
    const installed = put('saved', { installed: true });
    expect(await refusal(start(installed, { machine: 'pc' }, { save: true }))).toContain('installed with q35');
    expect((await start(installed, { machine: 'pc' })).options.machine).toBe('pc');
  });

  test('a guest that runs is not started again: its process is named', async () => {
    const folder = put('running');
    const scope = new Scope();
    await claimRun(folder.path, scope, { ports: { forwards: [] } });
    expect(await refusal(start(folder))).toContain(`this guest runs already, process ${process.pid}`);
    await scope.unwind('done');
    expect(await refusal(start(folder))).toBe('not refused');
  });
});

describe('a guest that is deleted', () => {
  test('goes with what was made with it; what others put there stays', async () => {
    writeFileSync(at('mine.img'), 'x');
    const folder = put('gone', {
      disks: [{ file: 'disk.img', made: true }, { file: '../mine.img', made: true }, { file: 'given.img' }],
    });
    for (const name of ['disk.img', 'given.img', 'notes.txt']) writeFileSync(at('gone', name), 'x');
    expect((await planDeletion(folder)).removed.map(({ name }) => name)).toEqual(['disk.img', 'guest.json']);
    expect(await deleteGuest(folder, new Scope())).toMatchObject({ kept: ['given.img', 'notes.txt'] });
    expect(readdirSync(at('gone')).sort()).toEqual(['given.img', 'notes.txt']);
    expect(existsSync(at('mine.img'))).toBe(true);
    const whole = put('whole');
    writeFileSync(at('whole/boot.log'), 'of a detached run');
    expect((await deleteGuest(whole, new Scope())).removed.map(({ name }) => name)).toContain('boot.log');
    expect(existsSync(at('whole'))).toBe(false);
    put('linked');
    symlinkSync(at('linked'), at('link'));
    await deleteGuest((await findGuest(at('link')))!, new Scope());
    expect(existsSync(at('linked'))).toBe(false);
  });

  test('is refused while it runs', async () => {
    const folder = put('busy');
    const scope = new Scope();
    await claimRun(folder.path, scope, { ports: { forwards: [] } });
    expect(await refusal(deleteGuest(folder, new Scope()))).toContain(`process ${process.pid}`);
    await scope.unwind('done');
    expect(existsSync(at('busy/guest.json'))).toBe(true);
  });
});
