/** One partition to be listed, in blocks of the map. */
export interface ApplePartition {
  readonly name: string;
  readonly type: string;
  readonly start: number;
  readonly count: number;
  readonly status: number;
  /** A driver's boot fields, bytes 92 to 511 of its entry, as far as they go. */
  readonly boot?: Uint8Array;
}

/** An Apple partition map, whole: where its bytes stand, and what it lists. */
export interface AppleMap {
  /** Bytes of a block, in which `partitions` count. */
  readonly blockBytes: number;
  readonly partitions: readonly ApplePartition[];
  /** Block 0, and behind it the map's own partition; offsets in bytes. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** Status of an entry: valid and allocated; of an HFS partition Apple's tools say more. */
export const Status = { map: 3, driver: 0x303, hfs: 0x4000_0033, free: 0 } as const;

const BOOT_FIELDS = 92;
const ENTRY = 512;

/**
 * Encodes a map. Block 0 is `ER`, u16 `describedBlock`, u32 `total`; entry i stands at i × `blockBytes` (big-endian: 0 `PM`,
 * 4 number of entries, 8 start, 12 count, 16 name, 48 type, 84 data count, 88 status). Written from real-media.md section 1.2
 * alone, without the product's own writer, so that the two can disagree.
 */
export function encodeAppleMap(map: {
  readonly blockBytes: number;
  /** What block 0 says the size of a block is: other than `blockBytes` in the "old school" form only. */
  readonly describedBlock: number;
  /** Blocks of the whole disk in units of `describedBlock`, which may count more than the file has. */
  readonly total: number;
  /** Entry 1, the map itself, included. */
  readonly partitions: readonly ApplePartition[];
}): AppleMap {
  const { blockBytes, partitions } = map;
  const descriptor = Buffer.alloc(ENTRY);
  descriptor.write('ER', 'latin1');
  descriptor.writeUInt16BE(map.describedBlock, 2);
  descriptor.writeUInt32BE(map.total, 4);
  const entries = Buffer.alloc((partitions[0]?.count ?? 0) * blockBytes);
  for (const [i, partition] of partitions.entries()) {
    const entry = entries.subarray(i * blockBytes, i * blockBytes + ENTRY);
    entry.write('PM', 'latin1');
    entry.writeUInt32BE(partitions.length, 4);
    entry.writeUInt32BE(partition.start, 8);
    entry.writeUInt32BE(partition.count, 12);
    entry.write(partition.name, 16, 32, 'latin1');
    entry.write(partition.type, 48, 32, 'latin1');
    entry.writeUInt32BE(partition.count, 84);
    entry.writeUInt32BE(partition.status, 88);
    if (partition.boot) entry.set(partition.boot, BOOT_FIELDS);
  }
  return {
    blockBytes,
    partitions,
    pieces: [
      { offset: 0, bytes: descriptor },
      { offset: blockBytes, bytes: entries },
    ],
  };
}
