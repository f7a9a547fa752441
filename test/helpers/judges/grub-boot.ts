import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeEfiemuStub } from './efiemu-stub.js';
import type { Tool } from './needs.js';
import { type Boot, driveFile, runQemu } from './qemu.js';
import { HANG, run, scratch } from './tool.js';

/** The tools that bootWithGrub() needs. */
export const GRUB_BOOT_TOOLS = [
  'grub-mkrescue',
  'xorriso',
  'mformat',
  '/usr/lib/grub/i386-pc/xnu.mod',
  'qemu-system-x86_64',
] as const;

/** The tools that bootWithGrubEfi() needs. */
export const GRUB_EFI_BOOT_TOOLS = [
  'grub-mkstandalone',
  'mformat',
  'mcopy',
  'mmd',
  '/usr/lib/grub/x86_64-efi/xnu.mod',
  '/usr/share/OVMF/OVMF_CODE_4M.fd',
  'qemu-system-x86_64',
] as const;

export interface GrubBoot {
  /** Raw disk image; it is never written to. */
  readonly image: string;
  /** In the image's HFS+ volume: "/System/Library/Kernels/kernel". */
  readonly kernelPath: string;
  readonly bits: 64 | 32;
  /** Handed to the kernel on its command line, so that it comes back on the serial line. */
  readonly nonce: string;
  /** Milliseconds until the guest must have left. */
  readonly timeout?: number;
}

/** Status that the boot.efi stand-in leaves with. */
export const BOOT_EFI_LEFT = 67;
/** Status that the kernel stand-in leaves with when it was loaded whole. */
export const KERNEL_LEFT = 33;
/** Status that it leaves with when what is in memory is not what makeKernel() made. */
export const KERNEL_DAMAGED = 35;

const MODULES = [
  ...['part_apple', 'part_gpt', 'part_msdos', 'hfsplus', 'hfspluscomp', 'xnu'],
  ...['normal', 'search', 'search_fs_file', 'serial', 'terminal', 'test', 'echo', 'ls', 'boot', 'reboot'],
];

/**
 * Starts the kernel stand-in that lies in an image's HFS+ volume, by a loader that is not ours: GRUB's BIOS build, from a CD
 * of its own, reads the partition map, the volume and the file.
 */
export async function bootWithGrub(boot: GrubBoot): Promise<Boot> {
  const folder = scratch('grub');
  const tree = join(folder, 'tree', 'boot', 'grub');
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(folder, 'tree', 'efiemu.o'), makeEfiemuStub(boot.bits));
  writeFileSync(join(tree, 'grub.cfg'), config(boot, ['efiemu_loadcore (cd)/efiemu.o']));
  const modules = [...MODULES, 'efiemu', 'vbe', 'biosdisk', 'iso9660'].join(' ');
  await must('grub-mkrescue', [
    ...['-d', '/usr/lib/grub/i386-pc', `--install-modules=${modules}`, '--fonts=', '--locales=', '--themes='],
    ...['-o', join(folder, 'grub.iso'), join(folder, 'tree')],
  ]);
  return runQemu(
    [
      ...['-drive', `id=cd,if=none,format=raw,readonly=on,file=${driveFile(join(folder, 'grub.iso'))}`],
      ...['-device', 'ide-cd,bus=ide.1,drive=cd,bootindex=0'],
      ...disk(boot.image),
    ],
    boot.timeout,
  );
}

/** The same by GRUB's UEFI build under OVMF. The kernel must be linked low (makeKernel's `low`). */
export async function bootWithGrubEfi(boot: GrubBoot): Promise<Boot> {
  return runGrubEfi(config(boot, []), boot.image, boot.timeout);
}

/** Starts the boot.efi stand-in that lies in an image's HFS+ volume: read by GRUB, started by OVMF. */
export async function chainloadWithGrubEfi(boot: { image: string; path: string; timeout?: number }): Promise<Boot> {
  // The chain loader wants a root that the firmware knows, and the firmware knows no Apple partition.
  const root = 'search --no-floppy --set=root --file /EFI/BOOT/BOOTX64.EFI';
  const script = [...searchFor(boot.path), root, `chainloader ($osx)${boot.path}`, ...BOOT_OR_LEAVE];
  return runGrubEfi(script.join('\n'), boot.image, boot.timeout);
}

async function runGrubEfi(script: string, image: string, timeout = HANG): Promise<Boot> {
  const folder = scratch('grub-efi');
  const path = (name: string) => join(folder, name);
  writeFileSync(path('grub.cfg'), script);
  const modules = [...MODULES, 'chain', 'fat', 'efi_gop', 'all_video'].join(' ');
  await must('grub-mkstandalone', [
    ...['-O', 'x86_64-efi', '-d', '/usr/lib/grub/x86_64-efi', `--install-modules=${modules}`, `--modules=${modules}`],
    ...['--fonts=', '--locales=', '--themes=', '-o', path('BOOTX64.EFI'), `boot/grub/grub.cfg=${path('grub.cfg')}`],
  ]);
  writeFileSync(path('esp.img'), new Uint8Array(16 << 20));
  copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', path('vars.fd'));
  await must('mformat', ['-i', path('esp.img'), '::']);
  await must('mmd', ['-i', path('esp.img'), '::/EFI', '::/EFI/BOOT']);
  await must('mcopy', ['-i', path('esp.img'), path('BOOTX64.EFI'), '::/EFI/BOOT/BOOTX64.EFI']);
  return runQemu(
    [
      ...['-drive', 'if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
      ...['-drive', `if=pflash,unit=1,format=raw,file=${driveFile(path('vars.fd'))}`],
      ...['-drive', `id=esp,if=none,format=raw,snapshot=on,file=${driveFile(path('esp.img'))}`],
      ...['-device', 'ide-hd,bus=ide.1,drive=esp,bootindex=0'],
      ...disk(image),
    ],
    timeout,
  );
}

/** GRUB's script: find the volume by the kernel's path, load, boot. */
function config(boot: GrubBoot, beforeBoot: readonly string[]): string {
  if (!/^[\w.-]+$/.test(boot.nonce)) throw new Error(`not a nonce for GRUB's script: ${boot.nonce}`);
  return [
    ...searchFor(boot.kernelPath),
    `xnu_kernel${boot.bits === 64 ? '64' : ''} ${boot.kernelPath} nonce=${boot.nonce}`,
    ...beforeBoot,
    ...BOOT_OR_LEAVE,
  ].join('\n');
}

/** What GRUB cannot do it says on the serial port, and `reboot` ends QEMU (-no-reboot) with status 0. */
function searchFor(path: string): string[] {
  if (!/^\/[\w./-]+$/.test(path)) throw new Error(`not a path for GRUB's script: ${path}`);
  return [
    'serial --unit=0 --speed=115200',
    'terminal_output serial',
    'set pager=0',
    `search --no-floppy --set=osx --file ${path}`,
    'if [ "$osx" = "" ]; then echo "GRUB: no volume has this file"; ls; reboot; fi',
    'echo "GRUB: found on ($osx)"',
    'root=$osx',
  ];
}

const BOOT_OR_LEAVE = ['boot', 'echo "GRUB: did not boot"', 'reboot', ''];

function disk(image: string): string[] {
  return [
    ...['-drive', `id=osx,if=none,format=raw,snapshot=on,file=${driveFile(resolve(image))}`],
    ...['-device', 'ide-hd,bus=ide.0,drive=osx,bootindex=1'],
  ];
}

async function must(tool: Tool, args: readonly string[]): Promise<void> {
  const result = await run(tool, args);
  if (result.status !== 0) throw new Error(`${tool}: status ${result.status}\n${result.stderr}`);
}
