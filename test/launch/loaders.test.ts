import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { chooseAccelerator } from '../../src/launch/accelerator.js';
import { LICENCE_NOTE, licenceNote } from '../../src/launch/licence.js';
import { makeNvram, uefiFirmware, uefiLoader } from '../../src/launch/loaders.js';
import { findOvmf } from '../../src/launch/ovmf.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';

let folder: string;
beforeEach(() => {
  folder = scratch('loaders');
});
const put = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
};

test('a UEFI loader is a folder with EFI/BOOT', async () => {
  put('EFI/BOOT/BOOTx64.efi', 'MZ');
  expect(await uefiLoader(folder)).toEqual({ file: folder, format: 'folder' });
});

test('or a disk image', async (context) => {
  needs(context, 'qemu-img');
  const file = put('oc.img', new Uint8Array(1 << 20));
  expect(await uefiLoader(file)).toEqual({ file, format: 'raw' });
});

test('and nothing else', async () => {
  await expect(uefiLoader(folder)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('BOOTX64.EFI'),
  });
  await expect(uefiLoader(put('x.efi', 'MZ…'))).rejects.toMatchObject({
    hint: expect.stringContaining('EFI/BOOT/BOOTX64.EFI'),
  });
  await expect(uefiLoader('/nowhere')).rejects.toMatchObject({
    exitCode: 3,
    message: '--loader /nowhere: no such file or folder.',
  });
});

test('UEFI firmware, with and without variables that are kept', async () => {
  const code = put('CODE.fd', 'code');
  const vars = put('VARS.fd', 'vars');
  const find = async () => ({ code, vars });
  expect(await uefiFirmware(undefined, find)).toEqual({ firmware: { kind: 'uefi', code, vars, varsReadOnly: true } });
  const mine = join(folder, 'mine.fd');
  const found = await uefiFirmware(mine, find);
  expect(found).toEqual({
    firmware: { kind: 'uefi', code, vars: mine, varsReadOnly: false },
    nvram: { file: mine, from: vars },
  });
  await makeNvram(found.nvram!);
  expect(readFileSync(mine, 'utf8')).toBe('vars');
  expect(statSync(mine).mode & 0o200).toBe(0o200);
  expect(await uefiFirmware(mine, find)).not.toHaveProperty('nvram');
  await expect(makeNvram(found.nvram!)).rejects.toMatchObject({ exitCode: 4 });
  await expect(uefiFirmware(put('other.fd', 'of another size'), find)).rejects.toThrow('expected 4 bytes');
  await expect(uefiFirmware(undefined, async () => undefined)).rejects.toMatchObject({ exitCode: 4 });
});

test('the first firmware that is there is taken, if it is whole', async () => {
  const place = (n: number) => ({ code: join(folder, `c${n}`), vars: join(folder, `v${n}`) });
  put('c1', '');
  put('c2', '');
  put('v2', '');
  expect(await findOvmf([place(1), place(2)])).toEqual(place(2));
  expect(await findOvmf([place(3)])).toBeUndefined();
});

const linux = { platform: 'linux', arch: 'x64', kvm: 'usable', accelerators: new Set(['kvm', 'tcg']) } as const;
const mac = { platform: 'darwin', arch: 'x64', kvm: 'absent', accelerators: new Set(['hvf', 'tcg']) } as const;
test.each([
  ['auto', linux, 'kvm'],
  ['kvm', linux, 'kvm'],
  ['tcg', linux, 'tcg'],
  ['auto', mac, 'hvf'],
  ['hvf', mac, 'hvf'],
  ['auto', { ...linux, kvm: 'absent' }, 'tcg'],
  ['auto', { ...linux, kvm: 'forbidden' }, 'tcg'],
  ['auto', { ...linux, accelerators: new Set(['tcg']) }, 'tcg'],
  ['auto', { ...mac, arch: 'arm64' }, 'tcg'],
  ['auto', { ...mac, platform: 'win32' }, 'tcg'],
] as const)('--accel %s is on such a host…', (wanted, host, expected) => {
  const choice = chooseAccelerator(wanted, host);
  expect(choice.accelerator).toBe(expected);
  // That it will be slow is said to those who did not ask for it.
  expect(choice.note !== undefined).toBe(wanted === 'auto' && expected === 'tcg');
});

test.each([
  ['kvm', { ...linux, kvm: 'forbidden' }],
  ['kvm', mac],
  ['hvf', linux],
  ['hvf', { ...mac, arch: 'arm64' }],
] as const)('--accel %s where there is none: exit code 4', (wanted, host) => {
  expect(() => chooseAccelerator(wanted, host)).toThrow(expect.objectContaining({ exitCode: 4 }));
});

test('the licence is spoken of once on a machine', async () => {
  const file = join(folder, 'state', 'osx-iso', 'noted');
  expect(await licenceNote(file)).toBe(LICENCE_NOTE);
  expect(await licenceNote(file)).toBeUndefined();
  expect(LICENCE_NOTE.match(/\.( |$)/g)).toHaveLength(2);
  // A variable that is empty says nothing: the current folder is nobody's state.
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_STATE_HOME', '');
  expect(await licenceNote()).toBe(LICENCE_NOTE);
  expect(existsSync('osx-iso')).toBe(false);
  expect(await licenceNote()).toBeUndefined();
  vi.unstubAllEnvs();
  // Where nothing can be kept it is said again.
  const nowhere = join(put('file', ''), 'x');
  expect(await licenceNote(nowhere)).toBe(LICENCE_NOTE);
  expect(await licenceNote(nowhere)).toBe(LICENCE_NOTE);
});
