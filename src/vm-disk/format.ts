import { SourceError, UsageError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { VM_DISK_NAMES, type VmDiskFormat, vmDiskFormat } from '../formats/vm-disk/index.js';

/** How a guest's disk keeps its sectors: raw is the sectors themselves, the others are QEMU's, by QEMU's names for them. */
export type DiskFormat = VmDiskFormat | 'raw';

/** A format's name as a user types it. UsageError for any other: QEMU has drivers that open no file at all. */
export function diskFormatNamed(option: string, name: string): DiskFormat {
  const known: readonly string[] = ['raw', ...Object.keys(VM_DISK_NAMES)];
  if (known.includes(name)) return name as DiskFormat;
  throw new UsageError(`${option} ${name}: expected one of ${known.join(', ')}.`);
}

/**
 * Tells a disk's format by its signatures, never by its name. SourceError, which calls the disk `label`, for images that are no
 * guest's disk: Apple's own, encrypted ones.
 */
export async function diskFormatOf(file: ByteSource, label: string): Promise<DiskFormat> {
  const sign = async (at: number, length: number) =>
    at < 0 || at + length > file.size ? '' : Buffer.from(await file.read(at, length)).toString('latin1');
  const head = await sign(0, 8);
  if (head.startsWith('LUKS\xba\xbe') || head === 'encrcdsa') throw encrypted(label);
  const found = await vmDiskFormat(file);
  if (found && found !== 'vpc') return found;
  if (head.startsWith('sprs') || (await sign(file.size - 512, 4)) === 'koly') {
    throw new SourceError(`${label}: this is an image of Apple's hdiutil, which is not changed in place.`, {
      hint: 'Give the disk of a guest: a raw image, or one of QEMU. On a Mac attach this one and use --volume.',
    });
  }
  return found ?? 'raw';
}

export function encrypted(label: string): SourceError {
  return new SourceError(`${label}: the image is encrypted; osx-iso cannot change it.`);
}
