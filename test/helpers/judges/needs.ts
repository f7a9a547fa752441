import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';

/** Other people's programs that tests may ask, and the Debian package that brings each. .ci/apt-packages lists the same. */
const TOOLS = {
  '7z': 'p7zip-full',
  mmls: 'sleuthkit',
  fls: 'sleuthkit',
  tsk_recover: 'sleuthkit',
  'grub-fstest': 'grub-common',
  'grub-mkrescue': 'grub-common xorriso mtools',
  'grub-mkstandalone': 'grub-common',
  xorriso: 'xorriso',
  mformat: 'mtools',
  mcopy: 'mtools',
  mmd: 'mtools',
  sgdisk: 'gdisk',
  parted: 'parted',
  nasm: 'nasm',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  'fsck.hfsplus': 'hfsprogs, into a folder named by OSX_ISO_HFSPROGS',
  'mkfs.hfsplus': 'hfsprogs, into a folder named by OSX_ISO_HFSPROGS',
  '/usr/lib/grub/i386-pc/xnu.mod': 'grub-pc-bin',
  '/usr/lib/grub/x86_64-efi/xnu.mod': 'grub-efi-amd64-bin',
  '/usr/share/OVMF/OVMF_CODE_4M.fd': 'ovmf',
} as const;

export type Tool = keyof typeof TOOLS;

/** Where a tool is, undefined where this machine does not have it. */
export function find(tool: Tool): string | undefined {
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

/**
 * Skips the test, with the reason, where one of the tools is absent. With OSX_ISO_REQUIRE_ALL=1 (.ci/run sets it) an absent
 * tool fails the test instead: nothing may be skipped there.
 */
export function needs(context: Pick<TestContext, 'skip'>, ...tools: Tool[]): void {
  const absent = tools.filter((tool) => find(tool) === undefined);
  if (absent.length === 0) return;
  const reason = `needs ${absent.map((tool) => `${tool} (Debian: ${TOOLS[tool]})`).join(', ')}`;
  if (process.env['OSX_ISO_REQUIRE_ALL'] === '1')
    throw new Error(`nothing may be skipped here, but this test ${reason}`);
  context.skip(reason);
}
