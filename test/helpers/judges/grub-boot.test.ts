import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBootEfi } from '../../../scripts/installer/boot-efi.js';
import { makeKernel } from '../../../scripts/installer/kernel.js';
import { LONG } from '../long.js';
import {
  BOOT_EFI_LEFT,
  bootWithGrub,
  bootWithGrubEfi,
  chainloadWithGrubEfi,
  GRUB_BOOT_TOOLS,
  GRUB_EFI_BOOT_TOOLS,
  KERNEL_DAMAGED,
  KERNEL_LEFT,
} from './grub-boot.js';
import { needs } from './needs.js';
import { run, scratch } from './tool.js';

const kernelPath = '/System/Library/Kernels/kernel';
const bootEfiPath = '/System/Library/CoreServices/boot.efi';

// In the long run: the harness is proved on an HFS+ volume that is not of our making: xorriso's hybrid of ISO 9660 and HFS+ with an Apple
// partition map. (HFS+ is what GRUB reads the kernel from: it is left out of the ISO 9660 tree.)
async function hybrid(kernel: Uint8Array): Promise<string> {
  const folder = scratch('hybrid');
  const put = (path: string, bytes: Uint8Array) => {
    mkdirSync(dirname(join(folder, 'tree', path)), { recursive: true });
    writeFileSync(join(folder, 'tree', path), bytes);
  };
  put(kernelPath, kernel);
  put(bootEfiPath, makeBootEfi({ nonce: 'started' }));
  const image = join(folder, 'hybrid.img');
  const made = await run('xorriso', [
    ...['-as', 'mkisofs', '-hfsplus', '-V', 'HYBRID', '-hide', 'System', '-o', image, join(folder, 'tree')],
  ]);
  if (made.status !== 0) throw new Error(made.stderr);
  return image;
}

const bootable = [
  { name: '64 bits', slices: 64, bits: 64 },
  { name: '32 bits', slices: 32, bits: 32 },
  { name: 'fat, the 64-bit slice', slices: 'fat', bits: 64 },
  { name: 'fat, the 32-bit slice', slices: 'fat', bits: 32 },
] as const;

for (const { name, slices, bits } of bootable) {
  test.runIf(LONG)(`BIOS: a kernel of ${name} boots and gives both nonces back`, async (context) => {
    needs(context, ...GRUB_BOOT_TOOLS);
    const image = await hybrid(makeKernel({ nonce: 'in-the-file', bits: slices }));
    const boot = await bootWithGrub({ image, kernelPath, bits, nonce: 'on-the-line' });
    expect(boot.serial).toContain(`OSX-ISO KERNEL nonce=in-the-file bits=${bits}`);
    expect(boot.serial).toContain('args=nonce=on-the-line');
    expect(boot.serial).toContain('OSX-ISO KERNEL whole');
    expect(boot.status).toBe(KERNEL_LEFT);
  });
}

test.runIf(LONG)('BIOS: the kernel notices that one of its blocks is not as it was written', async (context) => {
  needs(context, ...GRUB_BOOT_TOOLS);
  const kernel = makeKernel({ nonce: 'damaged', bits: 64 });
  const image = await hybrid(kernel);
  const bytes = readFileSync(image);
  const at = bytes.indexOf(kernel.subarray(0x80000, 0x80200));
  bytes.fill(0, at, at + 512);
  writeFileSync(image, bytes);
  const boot = await bootWithGrub({ image, kernelPath, bits: 64, nonce: 'x' });
  expect(boot.serial).toContain('OSX-ISO KERNEL damaged');
  expect(boot.status).toBe(KERNEL_DAMAGED);
});

test.runIf(LONG)('BIOS: an image without the kernel is an error that says what GRUB said', async (context) => {
  needs(context, ...GRUB_BOOT_TOOLS);
  const image = await hybrid(makeKernel({ nonce: 'elsewhere', bits: 64 }));
  await expect(bootWithGrub({ image, kernelPath: '/mach_kernel', bits: 64, nonce: 'x' })).rejects.toThrow(
    'GRUB: no volume has this file',
  );
});

test.runIf(LONG)('UEFI: a low-linked kernel boots and gives both nonces back', async (context) => {
  needs(context, ...GRUB_EFI_BOOT_TOOLS, 'xorriso');
  const image = await hybrid(makeKernel({ nonce: 'efi', bits: 64, low: true }));
  const boot = await bootWithGrubEfi({ image, kernelPath, bits: 64, nonce: 'on-the-line' });
  expect(boot.serial).toContain('OSX-ISO KERNEL nonce=efi bits=64');
  expect(boot.serial).toContain('args=nonce=on-the-line');
  expect(boot.status).toBe(KERNEL_LEFT);
});

test.runIf(LONG)('UEFI: the boot.efi stand-in starts from a foreign HFS+ volume', async (context) => {
  needs(context, ...GRUB_EFI_BOOT_TOOLS, 'xorriso');
  const image = await hybrid(makeKernel({ nonce: 'not-started', bits: 64 }));
  const boot = await chainloadWithGrubEfi({ image, path: bootEfiPath });
  expect(boot.serial).toContain('OSX-ISO BOOT.EFI nonce=started');
  expect(boot.status).toBe(BOOT_EFI_LEFT);
});
