import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { openDisk } from '../../src/formats/disk.js';
import { inspect } from '../../src/inspect/index.js';
import { build } from '../../src/iso/build.js';
import type { Manifest } from '../../src/iso/manifest.js';
import { type BuildOptions, planBuild } from '../../src/iso/plan.js';
import { verifyFile } from '../../src/iso/verify-file.js';
import { checkEsp } from '../../src/verify/esp.js';
import { Checks } from '../../src/verify/report.js';
import { osxIso } from '../helpers/built-iso.js';
import { sharedInstaller } from '../helpers/installers.js';
import { startWithChameleon } from '../helpers/judges/chameleon/loader.js';
import { BOOT_EFI_LEFT } from '../helpers/judges/grub-boot.js';
import { judgeIso, needsJudges } from '../helpers/judges/iso.js';
import { needs } from '../helpers/judges/needs.js';
import { run, scratch } from '../helpers/judges/tool.js';
import { extract, partitions } from '../helpers/judges/volume.js';
import { LONG, points } from '../helpers/long.js';
import { OPENCORE_DRIVERS, putFiles, releaseFiles } from '../helpers/opencore.js';
import { zipOf } from '../helpers/zip.js';

// One ISO for both firmwares: GPT, a system partition in front, the installer behind it.

const REFIND = '/usr/share/refind/refind';
const SHAPE = { release: '10.10', scale: 0.0005 } as const;
const signal = new AbortController().signal;
const folder = scratch('one-iso');
let app: string;
/** Made by the first test. */
let one: string;

beforeAll(async () => {
  process.env.SOURCE_DATE_EPOCH = '1447200000';
  ({ app } = await sharedInstaller(SHAPE));
}, 300_000);
afterAll(() => {
  delete process.env.SOURCE_DATE_EPOCH;
});

function releaseZip(): string {
  const path = join(folder, 'OpenCore-1.0.5-RELEASE.zip');
  writeFileSync(path, zipOf([...releaseFiles()].map(([name, bytes]) => ({ name, bytes }))));
  return path;
}

async function built(name: string, more: Partial<BuildOptions>): Promise<{ iso: string; manifest: Manifest }> {
  const iso = join(folder, name);
  const options: BuildOptions = { app, output: iso, engine: 'native', ...more };
  const { manifest } = await build(await planBuild(options), options, { signal, emit: () => undefined });
  return { iso, manifest };
}

/** The first partition as a file. */
async function systemPartition(iso: string, name: string): Promise<string> {
  const [first] = await partitions(iso);
  expect(first).toMatchObject({ start: 40 * 512, length: 40 << 20 });
  return extract(iso, first!, name);
}

describe('with a release of OpenCore', () => {
  test('two partitions, both whole; the same bytes each time; the manifest says both ways', async (context) => {
    needs(context, 'fsck.fat', 'mdir', 'mmls', 'sgdisk');
    const opencore = releaseZip();
    const { iso, manifest } = await built('one.iso', { opencore });
    one = iso;
    if (LONG) expect((await built('again.iso', { opencore })).manifest.iso.sha256).toBe(manifest.iso.sha256);
    expect(manifest.iso).toMatchObject({ map: 'gpt', esp: { loader: 'OpenCore 1.0.5 (RELEASE)', config: 'made' } });
    expect(manifest.boot.ways?.map(({ firmware }) => firmware)).toEqual(['uefi', 'bios']);

    expect((await run('sgdisk', ['-v', iso])).stdout.toString()).toContain('No problems found');
    const esp = await systemPartition(iso, 'esp.img');
    expect(await run('fsck.fat', ['-n', esp])).toMatchObject({ status: 0 });
    const listing = (await run('mdir', ['-/', '-b', '-i', esp, '::'])).stdout.toString();
    for (const driver of OPENCORE_DRIVERS) expect(listing).toContain(`::/EFI/OC/Drivers/${driver}`);
    expect(listing).not.toContain('OpenCanopy');

    const report = await verifyFile(iso, { signal });
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.find(({ name }) => name === 'system partition')?.text).toMatch(
      /^FAT32, EFI\/BOOT\/BOOTX64.EFI: OpenCore 1.0.5 \(RELEASE\); its config.plist names 3 drivers, all there$/,
    );
    expect(startWithChameleon(iso).outcome).toBe('starts');

    const whole = await inspect(iso, { signal });
    expect(whole.layers.at(-1)?.lines).toContain('a FAT volume is in partition 1: --partition 1');
    const inside = await inspect(iso, { signal, partition: 1, inside: '/EFI/BOOT' });
    expect(inside.listing.map(({ path }) => path)).toEqual(['/EFI/BOOT/.contentVisibility', '/EFI/BOOT/BOOTx64.efi']);
  });

  test.runIf(LONG).each<[string, Partial<BuildOptions>, RegExp]>([
    ['another map', { map: 'apm' }, /--map apm: an ISO that starts by UEFI has a GUID map/],
    ['a partition too small', { espSize: 1 << 20, config: 'big.plist' }, /room for/],
    ['both kinds of loader', { efi: '.' }, /give one of them/],
  ])('%s is refused before anything is written', async (_, more, message) => {
    writeFileSync(join(folder, 'big.plist'), `<plist><dict/></plist>${' '.repeat(2 << 20)}`);
    const given = { opencore: releaseZip(), ...more };
    if (given.config) given.config = join(folder, given.config);
    await expect(built('refused.iso', given)).rejects.toThrow(message);
  });

  test('a kext without OpenCore is refused', async () => {
    await expect(built('refused.iso', { kext: ['x'] })).rejects.toThrow(/--kext is for an ISO that starts by UEFI/);
  });

  test('verify finds what is wrong with the system partition', async () => {
    const bytes = readFileSync(one);
    const start = 40 * 512;
    const problems = async (change: (bytes: Buffer) => void) => {
      const copy = Buffer.from(bytes);
      change(copy);
      const checks = new Checks();
      const disk = await openDisk(fromBytes(copy, 'wrong.iso'));
      await checks.attempt('system partition', () => checkEsp(disk, checks, { expected: true, signal }));
      return checks.all.filter(({ ok }) => !ok).map(({ name, text }) => `${name}: ${text}`);
    };
    const nameOf = (text: string) => bytes.indexOf(Buffer.from(text, 'utf16le'), start);
    const second = bytes.readUInt32LE(start + 36) * 512 + start + 32 * 512;
    const config = bytes.indexOf('<plist', start);
    const cases: [(copy: Buffer) => void, string | RegExp][] = [
      [
        (copy) => copy.write('X', nameOf('OpenR')),
        /config.plist names OpenRuntime.efi, which is not in EFI\/OC\/Drivers/,
      ],
      [
        (copy) => copy.writeUInt32LE(9, second + 200 * 4),
        /^system partition: the copies of the table differ in 1 entries$/,
      ],
      [(copy) => copy.write('X', nameOf('confi')), /^OpenCore: expected EFI\/OC\/config.plist, found none$/],
      [(copy) => copy.write('{broken', config), /^system partition: .*config\.plist: .*expected/],
    ];
    for (const [change, said] of points(cases, 2)) {
      expect(await problems(change)).toEqual([expect.stringMatching(said)]);
    }
  });

  test.runIf(LONG)('all judges of an ISO agree, GRUB starts its kernel', async (context) => {
    needsJudges(context);
    const { truth } = await sharedInstaller(SHAPE);
    await judgeIso(one, truth!, { map: 'gpt', boots: true, some: true });
  });
});

test.runIf(LONG)(
  'UEFI starts its loader from the ISO, and by it boot.efi from the HFS+ volume of the same ISO',
  async (context) => {
    needs(context, 'qemu-system-x86_64', '/usr/share/OVMF/OVMF_CODE_4M.fd', `${REFIND}/drivers_x64/hfs_x64.efi`);
    const efi = putFiles(join(folder, 'refind'), new Map());
    const boot = join(efi, 'EFI', 'BOOT');
    mkdirSync(join(boot, 'drivers_x64'), { recursive: true });
    copyFileSync(`${REFIND}/refind_x64.efi`, join(boot, 'BOOTX64.EFI'));
    copyFileSync(`${REFIND}/drivers_x64/hfs_x64.efi`, join(boot, 'drivers_x64', 'hfs_x64.efi'));
    writeFileSync(
      join(boot, 'refind.conf'),
      'timeout 1\ntextonly\nscanfor internal,external\ndefault_selection "boot.efi"\n',
    );
    const { iso, manifest } = await built('refind.iso', { efi });
    expect(manifest.iso.esp).toMatchObject({ loader: 'EFI/BOOT/BOOTX64.EFI', config: 'none' });
    expect(startWithChameleon(iso).outcome).toBe('starts');

    const serial = join(folder, 'serial.log');
    const exit = ['--qemu-arg=-device', '--qemu-arg=isa-debug-exit,iobase=0xf4,iosize=0x04'];
    const guest = ['--firmware', 'uefi', '--accel', 'tcg', '--no-smc', '--headless', '--serial', serial];
    const { stdout } = await osxIso(['boot', iso, ...guest, ...exit, '--stop-after', '280', '--json'], folder);
    expect(readFileSync(serial, 'latin1')).toContain('OSX-ISO BOOT.EFI nonce=');
    const end = stdout.split('\n').find((line) => line.includes('"guest"'))!;
    expect(JSON.parse(end)).toMatchObject({ by: 'guest', status: BOOT_EFI_LEFT });
  },
);
