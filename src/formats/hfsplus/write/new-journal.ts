import { CatalogFlag, type FileRecord } from '../catalog-record.js';
import { EMPTY_FORK, type ForkData } from '../fork-data.js';
import { Cnid } from '../header.js';
import { viewOf } from '../where.js';

/** The two files a journaled volume starts with. */
export interface JournalParts {
  /** The allocation block of `.journal_info_block`. */
  readonly infoBlock: number;
  readonly parts: readonly {
    readonly name: string;
    readonly record: FileRecord;
    readonly fork: ForkData;
    readonly bytes: Uint8Array;
  }[];
}

const JOURNAL_SIZE = 512 * 1024;
const HEADER_SIZE = 512;
const CHECKED_BYTES = 44;
const IN_FILE_SYSTEM = 1;

/** A clean journal: `.journal` with start == end, and the block that says where it lies. `take` gives a fork its blocks. */
export function emptyJournal(take: (bytes: number) => ForkData, blockSize: number, created: number): JournalParts {
  const journal = take(JOURNAL_SIZE);
  const info = take(blockSize);
  const infoBytes = new Uint8Array(blockSize); // JournalInfoBlock, big-endian
  const view = viewOf(infoBytes);
  view.setUint32(0, IN_FILE_SYSTEM); // 4: u32 device signature[8]
  view.setBigUint64(36, BigInt(journal.extents[0]!.startBlock * blockSize));
  view.setBigUint64(44, BigInt(JOURNAL_SIZE));
  const file = (name: string, cnid: number, fork: ForkData, bytes: Uint8Array) => ({
    name,
    fork,
    bytes,
    record: journalFile(cnid, fork, created),
  });
  return {
    infoBlock: info.extents[0]!.startBlock,
    parts: [
      file('.journal', Cnid.firstUser, journal, journalHeader()),
      file('.journal_info_block', Cnid.firstUser + 1, info, infoBytes),
    ],
  };
}

/** The journal header of an empty journal, in the byte order of an Intel Mac: little-endian. */
function journalHeader(): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = viewOf(bytes);
  view.setUint32(0, 0x4a4e4c78, true); // magic "JNLx"
  view.setUint32(4, 0x12345678, true); // endian
  view.setBigUint64(8, BigInt(HEADER_SIZE), true); // start
  view.setBigUint64(16, BigInt(HEADER_SIZE), true); // end
  view.setBigUint64(24, BigInt(JOURNAL_SIZE), true);
  view.setUint32(32, 4096, true); // blhdr_size
  view.setUint32(40, HEADER_SIZE, true); // jhdr_size
  let sum = 0;
  for (const byte of bytes.subarray(0, CHECKED_BYTES)) sum = ((sum << 8) ^ (sum + byte)) >>> 0;
  view.setUint32(36, ~sum >>> 0, true); // checksum, taken with itself 0
  return bytes;
}

function journalFile(cnid: number, data: ForkData, created: number): FileRecord {
  const finderInfo = new Uint8Array(32);
  finderInfo.set(Buffer.from('jrnlhfs+'), 0);
  finderInfo[8] = 0x50; // invisible, name locked
  return {
    kind: 'file',
    flags: CatalogFlag.threadExists,
    firstLink: 0,
    cnid,
    dates: { created, modified: created, changed: created, accessed: created, backedUp: 0 },
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o100000, special: 0 },
    finderInfo,
    textEncoding: 0,
    reserved2: 0,
    data: { ...data, clumpSize: 0 },
    resource: EMPTY_FORK,
  };
}
