import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import type { TestContext } from 'vitest';

/** Other people's programs that tests may ask, and the Debian packages that bring each; .ci/apt-packages lists them all. */
export const TOOLS = {
  '7z': ['p7zip-full'],
  chromium: ['chromium'],
  bash: [],
  fish: ['fish'],
  fls: ['sleuthkit'],
  'fsck.fat': ['dosfstools'],
  'fsck.hfsplus': [],
  'grub-fstest': ['grub-common'],
  'grub-mkrescue': ['grub-common', 'xorriso', 'mtools'],
  'grub-mkstandalone': ['grub-common'],
  man: ['man-db'],
  mandoc: ['mandoc'],
  mcopy: ['mtools'],
  mdir: ['mtools'],
  mformat: ['mtools'],
  mmd: ['mtools'],
  mmls: ['sleuthkit'],
  nasm: ['nasm'],
  openssl: ['openssl'],
  parted: ['parted'],
  perl: ['perl-base'],
  'qemu-img': ['qemu-utils'],
  'qemu-nbd': ['qemu-utils'],
  'qemu-system-x86_64': ['qemu-system-x86', 'seabios'],
  ruby: ['ruby'],
  sgdisk: ['gdisk'],
  tsk_recover: ['sleuthkit'],
  'virt-xml-validate': ['libvirt-clients', 'libxml2-utils'],
  xmllint: ['libxml2-utils'],
  xorriso: ['xorriso'],
  zsh: ['zsh'],
  '/bin/busybox': ['busybox-static'],
  // tiny-initramfs: apt would take initramfs-tools for the initrd that nobody boots here, and udev with it.
  '/boot/vmlinuz-*-cloud-amd64': ['linux-image-cloud-amd64', 'tiny-initramfs'],
  '/usr/lib/grub/i386-pc/xnu.mod': ['grub-pc-bin'],
  '/usr/lib/grub/x86_64-efi/xnu.mod': ['grub-efi-amd64-bin'],
  '/usr/share/OVMF/OVMF_CODE_4M.fd': ['ovmf'],
  '/usr/share/refind/refind/drivers_x64/hfs_x64.efi': ['refind'],
} as const satisfies Record<string, readonly string[]>;

export type Tool = keyof typeof TOOLS;

/** Where a tool is, undefined where this machine does not have it. */
export function find(tool: Tool): string | undefined {
  if (tool.includes('*')) return matching(tool);
  if (tool.startsWith('/')) return existsSync(tool) ? tool : undefined;
  const folders = [
    ...(process.env['OSX_ISO_HFSPROGS'] ?? '').split(delimiter),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
  ];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path) && statSync(path).isFile());
}

/** The last file, in the order of their names, that a path with one "*" in its name stands for. */
function matching(path: string): string | undefined {
  const [start = '', end = ''] = basename(path).split('*');
  const names = existsSync(dirname(path)) ? readdirSync(dirname(path)) : [];
  const found = names.filter((name) => name.startsWith(start) && name.endsWith(end)).sort();
  const last = found.at(-1);
  return last === undefined ? undefined : join(dirname(path), last);
}

/**
 * Skips the test, with the reason, where one of the tools is absent. With OSX_ISO_REQUIRE_ALL=1 (.ci/run sets it) an absent
 * tool fails the test instead: nothing may be skipped there.
 */
export function needs(context: Pick<TestContext, 'skip'>, ...tools: Tool[]): void {
  const absent = tools.filter((tool) => find(tool) === undefined);
  if (absent.length === 0) return;
  const from = (tool: Tool) => TOOLS[tool].join(' ') || 'hfsprogs, its folder named by OSX_ISO_HFSPROGS';
  const reason = `needs ${absent.map((tool) => `${tool} (Debian: ${from(tool)})`).join(', ')}`;
  if (process.env['OSX_ISO_REQUIRE_ALL'] === '1')
    throw new Error(`nothing may be skipped here, but this test ${reason}`);
  context.skip(reason);
}
