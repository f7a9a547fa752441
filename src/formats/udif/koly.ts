import { type Checksum, Fields, readChecksum, writeChecksum } from './fields.js';

/** Bytes of the trailer. */
export const KOLY_SIZE = 512;

/** What says that a file is a UDIF image, at its end (or, by very old writers, at its start). Offsets and lengths in bytes. */
export interface Koly {
  readonly flags: number;
  readonly dataForkOffset: number;
  readonly dataForkLength: number;
  readonly segmentNumber: number;
  readonly segmentCount: number;
  /** 16 bytes. */
  readonly segmentId: Uint8Array;
  readonly dataChecksum: Checksum;
  readonly xmlOffset: number;
  readonly xmlLength: number;
  readonly masterChecksum: Checksum;
  /** 1: a device image with a partition map; 2: a single volume ("whole disk"). */
  readonly variant: number;
  /** 512-byte sectors of the decoded disk; 0 in some foreign images. */
  readonly sectorCount: number;
}

/** Whether these bytes start with the trailer's magic. */
export function isKoly(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x6b && bytes[1] === 0x6f && bytes[2] === 0x6c && bytes[3] === 0x79;
}

/**
 * Reads the trailer from its 512 bytes, found at byte `at` of `file`. FormatError for another version or absurd numbers.
 *
 *     0 `koly`                    40 u64 rsrcForkOffset       224 u64 xmlLength
 *     4 u32 version, 4            48 u64 rsrcForkLength       232 120 bytes reserved
 *     8 u32 size, 512             56 u32 segmentNumber        352 masterChecksum, 136 bytes
 *    12 u32 flags                 60 u32 segmentCount         488 u32 variant
 *    16 u64 runningDataForkOffset 64 16 bytes segment id      492 u64 sectorCount
 *    24 u64 dataForkOffset        80 dataChecksum, 136 bytes  500 12 bytes zero
 *    32 u64 dataForkLength       216 u64 xmlOffset
 */
export function readKoly(bytes: Uint8Array, file: string, at: number): Koly {
  const fields = new Fields(bytes, file, 'koly trailer', at);
  if (bytes.length !== KOLY_SIZE || !isKoly(bytes)) fields.fail(`${KOLY_SIZE} bytes that start with "koly"`, 'others');
  const version = fields.u32(4);
  if (version !== 4) fields.fail('version 4', `${version}`);
  const size = fields.u32(8);
  if (size !== KOLY_SIZE) fields.fail(`size ${KOLY_SIZE}`, `${size}`);
  return {
    flags: fields.u32(12),
    dataForkOffset: fields.u64(24, 'dataForkOffset'),
    dataForkLength: fields.u64(32, 'dataForkLength'),
    segmentNumber: fields.u32(56),
    segmentCount: fields.u32(60),
    segmentId: bytes.slice(64, 80),
    dataChecksum: readChecksum(fields, 80),
    xmlOffset: fields.u64(216, 'xmlOffset'),
    xmlLength: fields.u64(224, 'xmlLength'),
    masterChecksum: readChecksum(fields, 352),
    variant: fields.u32(488),
    sectorCount: fields.u64(492, 'sectorCount'),
  };
}

/** The trailer of an image whose data fork starts at byte 0 and that is one segment. */
export function writeKoly(koly: {
  readonly dataForkLength: number;
  readonly dataCrc32: number;
  readonly segmentId: Uint8Array;
  readonly xmlOffset: number;
  readonly xmlLength: number;
  readonly masterCrc32: number;
  readonly variant: 1 | 2;
  readonly sectorCount: number;
}): Uint8Array {
  const bytes = new Uint8Array(KOLY_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set([0x6b, 0x6f, 0x6c, 0x79]);
  view.setUint32(4, 4);
  view.setUint32(8, KOLY_SIZE);
  view.setUint32(12, 1); // flattened
  view.setBigUint64(32, BigInt(koly.dataForkLength));
  view.setUint32(56, 1);
  view.setUint32(60, 1);
  bytes.set(koly.segmentId, 64);
  writeChecksum(view, 80, koly.dataCrc32);
  view.setBigUint64(216, BigInt(koly.xmlOffset));
  view.setBigUint64(224, BigInt(koly.xmlLength));
  writeChecksum(view, 352, koly.masterCrc32);
  view.setUint32(488, koly.variant);
  view.setBigUint64(492, BigInt(koly.sectorCount));
  return bytes;
}
