import type { ByteSource } from '../bytes.js';
import { VolumeAttribute, type VolumeHeader } from './header.js';
import { fault, viewOf, type Where } from './where.js';

/** A volume's journal: absent, with nothing in it, or with transactions that have not reached their places yet. */
export type Journal =
  | { readonly state: 'none' }
  /** Bytes, in the volume. start and end are positions in the journal's ring. */
  | {
      readonly state: 'clean' | 'dirty';
      readonly offset: number;
      readonly size: number;
      readonly start: number;
      readonly end: number;
      /** False where its header is still to be made. */
      readonly begun: boolean;
    };

/** Bits of JournalInfoBlock.flags. */
const IN_FILE_SYSTEM = 1;
const NEEDS_INIT = 4;
const INFO_BLOCK_SIZE = 52;
const JOURNAL_HEADER_SIZE = 44;
const MAGIC = 0x4a4e4c78;
const ENDIAN = 0x12345678;

/**
 * The state of a volume's journal (hfs_format.h JournalInfoBlock, vfs_journal.h journal_header). FormatError where it is on
 * another device or its header is not intact: then nobody can say what is in it.
 */
export async function readJournal(source: ByteSource, header: VolumeHeader): Promise<Journal> {
  if ((header.attributes & VolumeAttribute.journaled) === 0) return { state: 'none' };
  const at = header.journalInfoBlock * header.blockSize;
  const where: Where = { file: source.name, structure: 'journal info block', offset: at };
  if (header.journalInfoBlock === 0 || header.journalInfoBlock >= header.totalBlocks) {
    throw fault(
      { ...where, structure: 'volume header', offset: 1024 },
      12,
      'a block of the volume',
      header.journalInfoBlock,
    );
  }
  const info = viewOf(await source.read(at, INFO_BLOCK_SIZE)); // big-endian
  const flags = info.getUint32(0);
  // 4: u32 device_signature[8]
  const offset = safe(info.getBigUint64(36), where, 36);
  const size = safe(info.getBigUint64(44), where, 44);
  if ((flags & IN_FILE_SYSTEM) === 0) throw fault(where, 0, 'a journal inside the volume', `flags ${flags}`);
  if (offset === 0 || size < JOURNAL_HEADER_SIZE || offset + size > header.totalBlocks * header.blockSize) {
    throw fault(where, 36, 'a journal inside the volume', `${size} bytes from ${offset}`);
  }
  if ((flags & NEEDS_INIT) !== 0) return { state: 'clean', offset, size, start: 0, end: 0, begun: false };
  return { offset, size, begun: true, ...(await readHeader(source, offset, size)) };
}

/** journal_header, in the byte order of the host that wrote it. */
async function readHeader(source: ByteSource, offset: number, size: number) {
  const where: Where = { file: source.name, structure: 'journal header', offset };
  const bytes = await source.read(offset, JOURNAL_HEADER_SIZE);
  const view = viewOf(bytes);
  const little = view.getUint32(0, true) === MAGIC;
  if (!little && view.getUint32(0) !== MAGIC) {
    throw fault(where, 0, 'JNLx', `0x${view.getUint32(0).toString(16).padStart(8, '0')}`);
  }
  if (view.getUint32(4, little) !== ENDIAN) throw fault(where, 4, '0x12345678', view.getUint32(4, little));
  // 32: u32 blhdr_size, 40: u32 jhdr_size, 44: u32 sequence_num (not covered by the checksum)
  const checksum = view.getUint32(36, little);
  const wanted = journalChecksum(bytes);
  if (checksum !== wanted) throw fault(where, 36, `checksum ${wanted}`, checksum);
  const start = safe(view.getBigUint64(8, little), where, 8);
  const end = safe(view.getBigUint64(16, little), where, 16);
  const ring = safe(view.getBigUint64(24, little), where, 24);
  if (ring > size || start > ring || end > ring) {
    throw fault(where, 8, `positions inside ${size} bytes`, `start ${start}, end ${end}, size ${ring}`);
  }
  return { state: start === end ? ('clean' as const) : ('dirty' as const), start, end };
}

/** The checksum of the first 44 bytes of a journal header, its own field (36) taken as zeros. */
export function journalChecksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < JOURNAL_HEADER_SIZE; i++) {
    sum = (sum << 8) ^ (sum + (i >= 36 && i < 40 ? 0 : header[i]!));
  }
  return ~sum >>> 0;
}

function safe(value: bigint, where: Where, at: number): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fault(where, at, 'a number below 2^53', value.toString());
  return Number(value);
}
