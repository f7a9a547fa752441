import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildIso, osxIso } from '../helpers/built-iso.js';
import { BOOT_EFI_LEFT } from '../helpers/judges/grub-boot.js';
import { needs } from '../helpers/judges/needs.js';
import { LONG } from '../helpers/long.js';

const REFIND = '/usr/share/refind/refind';

test.runIf(LONG)('UEFI: boot.efi in a GPT ISO is started by OVMF, through rEFInd’s HFS+ driver', async (context) => {
  needs(context, 'qemu-system-x86_64', '/usr/share/OVMF/OVMF_CODE_4M.fd', `${REFIND}/drivers_x64/hfs_x64.efi`);
  const { folder, iso, build } = await buildIso({ release: '10.10', scale: 0.0005 }, '--map', 'gpt');
  expect(build.status).toBe(0);

  // A loader as a user would give one: a folder with EFI/BOOT.
  const boot = join(folder, 'efi', 'EFI', 'BOOT');
  mkdirSync(join(boot, 'drivers_x64'), { recursive: true });
  copyFileSync(`${REFIND}/refind_x64.efi`, join(boot, 'BOOTX64.EFI'));
  copyFileSync(`${REFIND}/drivers_x64/hfs_x64.efi`, join(boot, 'drivers_x64', 'hfs_x64.efi'));
  writeFileSync(
    join(boot, 'refind.conf'),
    'timeout 1\ntextonly\nscanfor internal,external\ndefault_selection "boot.efi"\n',
  );

  const serial = join(folder, 'serial.log');
  const exit = ['--qemu-arg=-device', '--qemu-arg=isa-debug-exit,iobase=0xf4,iosize=0x04'];
  const guest = [
    '--firmware',
    'uefi',
    '--loader',
    'efi',
    '--accel',
    'tcg',
    '--no-smc',
    '--headless',
    '--serial',
    serial,
  ];
  const { status, stdout } = await osxIso(['boot', iso, ...guest, ...exit, '--stop-after', '280', '--json'], folder);
  expect(readFileSync(serial, 'latin1')).toContain('OSX-ISO BOOT.EFI nonce=');
  const end = JSON.parse(
    stdout
      .trim()
      .split('\n')
      .find((line) => line.includes('"guest"'))!,
  ) as object;
  expect(end).toMatchObject({ by: 'guest', status: BOOT_EFI_LEFT });
  // QEMU's own status is no 0, and so is ours.
  expect(status).toBe(1);
});
