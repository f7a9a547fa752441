import { createHash } from 'node:crypto';
import { uuidOf } from '../formats/uuid.js';

/** The name space in which HFS+ volume UUIDs are made (hfs_format.h: kFSUUIDNamespaceSHA1). */
const NAMESPACE = Buffer.from('B3E20F39F29211D697A400306543ECAC', 'hex');

/**
 * The volume's UUID as loaders and diskutil print it: version 3 of (name space, finderInfo[6..7]). 'none' when that is zero.
 */
export function volumeUuid(finderInfo: Uint8Array): string {
  const seed = finderInfo.subarray(24, 32);
  if (seed.every((byte) => byte === 0)) return 'none';
  return uuidOf(createHash('md5').update(NAMESPACE).update(seed).digest(), 3);
}
