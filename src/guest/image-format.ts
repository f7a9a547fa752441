import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';

/** How a disk image keeps its sectors: raw is ours to write, the others are QEMU's, by QEMU's names for them. */
export type GuestImageFormat = 'raw' | 'qcow2' | 'qcow' | 'vmdk' | 'vdi' | 'vpc' | 'vhdx' | 'qed' | 'parallels';

const HEAD = 512;

/**
 * Tells an image's format by its signatures, never by its name. SourceError for images that cannot be changed: Apple's own, encrypted
 * ones, a qcow2 that QEMU marked as damaged.
 */
export async function guestImageFormat(file: ByteSource): Promise<GuestImageFormat> {
  const head = Buffer.from(await file.read(0, Math.min(HEAD, file.size)));
  const tail = Buffer.from(await file.read(Math.max(0, file.size - HEAD), Math.min(HEAD, file.size)));
  const at = (offset: number, text: string) => head.toString('latin1', offset, offset + text.length) === text;
  if (at(0, 'QFI\xfb')) return qcow(head, file.name);
  if (at(0, 'KDMV') || at(0, 'COWD') || at(0, '# Disk DescriptorFile')) return 'vmdk';
  if (head.length >= 68 && head.readUInt32LE(64) === 0xbeda107f) return 'vdi';
  if (at(0, 'vhdxfile')) return 'vhdx';
  if (at(0, 'QED\0')) return 'qed';
  if (at(0, 'WithoutFreeSpace') || at(0, 'WithouFreSpacExt')) return 'parallels';
  if (at(0, 'LUKS\xba\xbe') || at(0, 'encrcdsa')) throw encrypted(file.name);
  if (at(0, 'sprs') || tail.toString('latin1', 0, 4) === 'koly') {
    throw new SourceError(`${file.name}: this is an image of Apple's hdiutil, which is not changed in place.`, {
      hint: 'Give the disk of a guest: a raw image, or one of QEMU. On a Mac attach this one and use --volume.',
    });
  }
  // A fixed VHD has only a footer.
  if (at(0, 'conectix') || tail.toString('latin1', 0, 8) === 'conectix') return 'vpc';
  return 'raw';
}

/** 4 u32 version, 32 u32 crypt_method; version 3: 72 u64 incompatible_features (bit 1: corrupt). Big-endian. */
function qcow(head: Buffer, name: string): GuestImageFormat {
  const version = head.length >= 104 ? head.readUInt32BE(4) : 0;
  if (version === 1) return 'qcow';
  if (version >= 2 && head.readUInt32BE(32) !== 0) throw encrypted(name);
  if (version >= 3 && (head.readUInt32BE(76) & 2) !== 0) {
    throw new SourceError(`${name}: QEMU has marked this image as damaged.`, {
      hint: `Repair it: qemu-img check -r all ${name}`,
    });
  }
  return 'qcow2';
}

function encrypted(name: string): SourceError {
  return new SourceError(`${name}: the image is encrypted; osx-iso cannot change it.`);
}
