import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { buildPlist } from '../../src/plist/plist.js';
import { ran as run } from '../helpers/command-line.js';
import { entry } from '../helpers/entries.js';
import { makeBootDisk } from '../helpers/judges/chameleon/boot-disk.js';
import { scratch } from '../helpers/judges/tool.js';
import { efiProgram } from '../helpers/opencore.js';

const folder = scratch('opencore-config');
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const config = async (...more: string[]) => (await run('opencore', 'config', '--release', '10.10', ...more)).out;

/** A folder EFI as a person would have made it. */
function efi(
  name: string,
  text: string,
  { drivers = ['OpenRuntime', 'OpenHfsPlus', 'OpenPartitionDxe'], program = new Uint8Array() as Uint8Array } = {},
): string {
  const top = join(folder, name, 'EFI');
  for (const inside of ['BOOT', 'OC/Drivers', 'OC/Kexts']) mkdirSync(join(top, inside), { recursive: true });
  for (const driver of drivers) writeFileSync(join(top, 'OC/Drivers', `${driver}.efi`), '');
  writeFileSync(join(top, 'OC/OpenCore.efi'), program);
  writeFileSync(join(top, 'BOOT/.contentVisibility'), 'Disabled');
  writeFileSync(join(top, 'OC/config.plist'), text);
  return join(top, 'OC/config.plist');
}

function lilu(name: string, files: readonly string[] = ['Lilu']): string {
  const kext = join(folder, name, 'Lilu.kext');
  mkdirSync(join(kext, 'Contents/MacOS'), { recursive: true });
  const info = { CFBundleIdentifier: 'as.vit9696.Lilu', CFBundleExecutable: 'Lilu' };
  writeFileSync(join(kext, 'Contents/Info.plist'), buildPlist(info));
  for (const one of files) writeFileSync(join(kext, 'Contents/MacOS', one), 'code');
  return kext;
}

describe('osx-iso opencore config', () => {
  it('prints a file that check has nothing to say of, and what belongs beside it', async () => {
    const { code, out, err } = await run('opencore', 'config', '--release', '10.9', '--kext', lilu('whole'));
    expect([code, err.split('\n')]).toEqual([
      0,
      [
        'EFI/OC/Drivers: OpenRuntime.efi, OpenHfsPlus.efi, OpenPartitionDxe.efi',
        'EFI/OC/Kexts: Lilu.kext',
        'EFI/BOOT/.contentVisibility holds the word Disabled',
        '',
      ],
    ]);
    expect(await run('opencore', 'check', file('a.plist', out))).toMatchObject({ code: 0, err: '' });
  });

  it('writes a file, never over another; --json has everything', async () => {
    const path = join(folder, 'new.plist');
    const { out } = await run('opencore', 'config', '--release', '10.10', '-o', path, '--json');
    expect(JSON.parse(out)).toMatchObject({
      type: 'opencore-config',
      output: path,
      drivers: expect.any(Array),
      remarks: [],
    });
    expect(readFileSync(path, 'utf8')).toBe(await config());
    expect(await run('opencore', 'config', '--release', '10.10', '-o', path)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/exists already/),
    });
  });

  it('refuses what OpenCore would not take', async () => {
    const refused = async (...more: string[]) =>
      (await run('opencore', 'config', '--release', '10.10', ...more)) as object;
    expect(await refused('--set', 'Misc/Boot/Timeot=1')).toMatchObject({ code: 2, out: '' });
    expect(await refused('--template', 'none')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/default, verbose/),
    });
    expect(await refused('--kext', lilu('broken', []))).toMatchObject({
      code: 3,
      err: expect.stringMatching(/names the executable Contents\/MacOS\/Lilu/),
    });
    expect(await refused('--kext', lilu('one'), '--kext', lilu('two'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Lilu\.kext is there twice/),
    });
    const empty = join(folder, 'Empty.kext');
    mkdirSync(empty);
    expect(await refused('--kext', empty)).toMatchObject({ code: 3, err: expect.stringMatching(/kext/) });
    expect(await run('opencore', 'config')).toMatchObject({ code: 2 });
  });
});

describe('osx-iso opencore check', () => {
  it('says what it finds with line, column and reason, and mends what it can', async () => {
    const text = (await config()).replace(
      '<string>Disabled</string>\n\t\t\t\t<key>Vault',
      '<string>Default</string>\n\t\t\t\t<key>Vault',
    );
    const path = file('default.plist', text);
    const found = await run('opencore', 'check', path);
    expect(found.code).toBe(5);
    expect(found.out).toMatch(/default\.plist:\d+:5 error: SecureBootModel is Default: .* no picker appears/);
    expect(found.err).toMatch(/1 finding changes what OpenCore does[\s\S]*opencore check --fix/);
    const fixed = await run('opencore', 'check', path, '--fix', '--json');
    expect(JSON.parse(fixed.out)).toMatchObject({
      written: true,
      backup: `${path}.bak`,
      left: { ok: true, findings: [] },
    });
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.bak`, 'utf8')]).toEqual([await config(), text]);
    expect(await run('opencore', 'check', path, '--fix')).toMatchObject({
      code: 0,
      out: `${path}: nothing to correct\n`,
    });
  });

  it('looks at the folder it lies in', async () => {
    const whole = efi('whole', await config());
    expect(await run('opencore', 'check', whole)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/folder it lies in/),
    });
    const lacking = await run(
      'opencore',
      'check',
      efi('lacking', await config(), { drivers: ['OpenRuntime', 'Ext4Dxe'] }),
    );
    expect(lacking.code).toBe(5);
    expect(lacking.out).toMatch(/OpenHfsPlus\.efi is not in EFI\/OC\/Drivers/);
    expect(lacking.out).toMatch(/Ext4Dxe\.efi lies in EFI\/OC\/Drivers and is not in the list/);
    const old = efi('old', await config(), { program: efiProgram({ says: 'REL-103' }) });
    expect((await run('opencore', 'check', old)).out).toMatch(
      /"ClearTaskSwitchBit" is a key of OpenCore 1\.0\.4 and later/,
    );
    expect((await run('opencore', 'check', old, '--for', '1.0.5')).out).not.toMatch(/ClearTaskSwitchBit/);
  });

  it('and at a disk: its map, its volume, the extents of boot.efi', async () => {
    const path = file(
      'disk.plist',
      (await config()).replace(
        '<integer>0</integer>\n\t\t\t\t<key>SecureBootModel',
        '<integer>66051</integer>\n\t\t\t\t<key>SecureBootModel',
      ),
    );
    const boot = '/System/Library/CoreServices/boot.efi';
    const disk = (map: 'apm' | 'gpt', extents: number) =>
      makeBootDisk({
        map,
        entries: [entry(boot.slice(1).split('/'), { data: fromBytes(new Uint8Array(9 * 4096), boot) })],
        pieces: (name) => (name === boot && extents > 1 ? Math.ceil(9 / extents) : undefined),
      });
    expect(await run('opencore', 'check', path, await disk('gpt', 1))).toMatchObject({ code: 0 });
    const apple = await run('opencore', 'check', path, await disk('apm', 9));
    expect(apple.code).toBe(5);
    expect(apple.out).toMatch(/ScanPolicy is 0x10203: with bit 0 set .* Apple map, as .*disk\.iso has one/);
    expect(apple.out).toMatch(/boot\.efi is in 9 extents, and it finds 8 at most/);
    const none = await run('opencore', 'check', path, await makeBootDisk({ map: 'gpt' }));
    expect(none.out).toMatch(/there is no boot\.efi on the volume/);
    expect(await run('opencore', 'check', path, path)).toMatchObject({ code: 3 });
  });

  it('has a sentence and a code for what is no config', async () => {
    const code = async (name: string, content: string, ...more: string[]) =>
      (await run('opencore', 'check', file(name, content), ...more)).code;
    expect(await code('j.plist', '{"UEFI": {}}')).toBe(5);
    expect(await code('j2.plist', '{"UEFI": {}}', '--fix')).toBe(2);
    expect(await code('x.plist', '<plist><dict>')).toBe(5);
    expect(await code('o.plist', await config(), '-o', 'x')).toBe(2);
    expect(await code('v.plist', await config(), '--for', 'new')).toBe(2);
    expect((await run('opencore', 'check', join(folder, 'none.plist'))).code).toBe(3);
    expect((await run('opencore', 'check', folder)).code).toBe(3);
  });
});
