import type { ByteSource } from '../bytes.js';

/** The formats in which virtual machines keep a disk's sectors, by QEMU's names. */
export type VmDiskFormat = 'qcow2' | 'qcow' | 'vmdk' | 'vdi' | 'vpc' | 'vhdx' | 'qed' | 'parallels';

/** Their names for people. */
export const VM_DISK_NAMES: Readonly<Record<VmDiskFormat, string>> = {
  qcow2: 'qcow2',
  qcow: 'qcow',
  vmdk: 'VMDK',
  vdi: 'VDI',
  vpc: 'VHD',
  vhdx: 'VHDX',
  qed: 'QED',
  parallels: 'Parallels',
};

/** Bytes by which an image is known: at an offset from its start, as latin1 (the probe functions of QEMU's block drivers). */
const SIGNS: readonly { readonly format: VmDiskFormat; readonly at: number; readonly is: string }[] = [
  { format: 'vmdk', at: 0, is: 'KDMV' },
  { format: 'vmdk', at: 0, is: 'COWD' },
  { format: 'vmdk', at: 0, is: '# Disk DescriptorFile' },
  { format: 'vdi', at: 64, is: '\x7f\x10\xda\xbe' },
  { format: 'vhdx', at: 0, is: 'vhdxfile' },
  { format: 'qed', at: 0, is: 'QED\0' },
  { format: 'parallels', at: 0, is: 'WithoutFreeSpace' },
  { format: 'parallels', at: 0, is: 'WithouFreSpacExt' },
  { format: 'vpc', at: 0, is: 'conectix' },
];
const QCOW = 'QFI\xfb';
/** A VHD's footer, which is all that one of a fixed size has. */
const FOOTER = 'conectix';

/** Bytes from the start, and from the end, that hold all of them. */
const HEAD = 512;

/** The format of an image by its first bytes, never by its name; undefined for anything else. */
export function vmDiskSignature(head: Uint8Array): VmDiskFormat | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const text = bytes.toString('latin1', 0, HEAD);
  // Version 1 is another format; what newer ones may look like is for the reader of version 2 and 3 to refuse.
  if (text.startsWith(QCOW)) return bytes.length >= 8 && bytes.readUInt32BE(4) === 1 ? 'qcow' : 'qcow2';
  return SIGNS.find(({ at, is }) => text.startsWith(is, at))?.format;
}

/** The same of a whole file: a VHD of a fixed size is known by its end only. */
export async function vmDiskFormat(file: ByteSource): Promise<VmDiskFormat | undefined> {
  const found = vmDiskSignature(await file.read(0, Math.min(HEAD, file.size)));
  if (found || file.size < HEAD) return found;
  const footer = Buffer.from(await file.read(file.size - HEAD, FOOTER.length));
  return footer.toString('latin1') === FOOTER ? 'vpc' : undefined;
}
