import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { LOADER_FILE, ownFiles } from '../../src/boot/opencore.js';
import { Scope } from '../../src/core/scope.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { FatVolume } from '../../src/formats/fat/index.js';
import { makeMachine } from '../../src/launch/machine.js';
import { gatherEsp } from '../../src/opencore/index.js';
import { scratch } from '../helpers/judges/tool.js';
import { putFiles, releaseFiles } from '../helpers/opencore.js';

const signal = new AbortController().signal;

it("a guest's loader and its firmware's variables are its own, and gone with it", async () => {
  const folder = scratch('own-files');
  const vars = join(folder, 'VARS.fd');
  writeFileSync(vars, 'variables', { mode: 0o444 });
  const openCore = putFiles(join(folder, 'OpenCore'), releaseFiles());
  const esp = await gatherEsp({ openCore, release: '10.10', size: 2 << 20 }, { signal });
  const machine = makeMachine({
    firmware: { kind: 'uefi', code: '/code.fd', vars, varsReadOnly: true },
    loaderDisk: { file: resolve(LOADER_FILE), format: 'raw' },
    iso: '/x.iso',
  });
  const own = await ownFiles(machine, esp, { signal, scope: new Scope() });
  const loader = own.machine.disks.find(({ id }) => id === 'Loader')!.file;
  const firmware = own.machine.firmware as { vars: string; varsReadOnly: boolean };
  expect(statSync(dirname(loader)).mode & 0o777).toBe(0o700);
  const volume = await FatVolume.open(fromBytes(readFileSync(loader), 'esp'));
  expect((await volume.entry(['EFI', 'BOOT', 'BOOTX64.EFI']))?.kind).toBe('file');
  expect(firmware.varsReadOnly).toBe(false);
  expect(readFileSync(firmware.vars, 'utf8')).toBe('variables');
  writeFileSync(firmware.vars, 'changed');
  expect(readFileSync(vars, 'utf8')).toBe('variables');
  await own.spend();
  expect(existsSync(dirname(loader))).toBe(false);
  // Variables that the user keeps are those.
  const kept = { ...machine, firmware: { ...machine.firmware, varsReadOnly: false } } as typeof machine;
  const again = await ownFiles(kept, esp, { signal, scope: new Scope() });
  expect(again.machine.firmware).toEqual(kept.firmware);
  await again.spend();
});
