import { createHash } from 'node:crypto';

/** The name space in which HFS+ volume UUIDs are made (hfs_format.h: kFSUUIDNamespaceSHA1). */
const NAMESPACE = Buffer.from('B3E20F39F29211D697A400306543ECAC', 'hex');

/**
 * The volume's UUID as loaders and diskutil print it: version 3 of (name space, finderInfo[6..7]). 'none' when that is zero.
 */
export function volumeUuid(finderInfo: Uint8Array): string {
  const seed = finderInfo.subarray(24, 32);
  if (seed.every((byte) => byte === 0)) return 'none';
  const bytes = createHash('md5').update(NAMESPACE).update(seed).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x30;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
