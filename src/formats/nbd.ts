import { FormatError } from '../errors.js';
import { viewOf } from './bytes.js';

/**
 * The network block device protocol, as far as one export is read and written: fixed newstyle negotiation with NBD_OPT_GO and simple
 * replies (doc/proto.md of the nbd project). All numbers are big-endian.
 */

const NBD_MAGIC = 0x4e42_444d_4147_4943n; // "NBDMAGIC"
const OPTION_MAGIC = 0x4948_4156_454f_5054n; // "IHAVEOPT"
const OPTION_REPLY_MAGIC = 0x0003_e889_0455_65a9n;
const REQUEST_MAGIC = 0x2560_9513;
const REPLY_MAGIC = 0x6744_6698;

const FIXED_NEWSTYLE = 1;
const NO_ZEROES = 2;

const OPT_GO = 7;
const INFO_EXPORT = 0;
const INFO_BLOCK_SIZE = 3;

/** Types of replies to an option; errors have the highest bit. */
export const OptionReply = { ack: 1, info: 3, error: 0x8000_0000 } as const;

/** Commands of the transmission phase. */
export const NbdCommand = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;
export type NbdCommandCode = (typeof NbdCommand)[keyof typeof NbdCommand];

/** Bits of an export's transmission flags. */
export const ExportFlag = { hasFlags: 1, readOnly: 2, flush: 4 } as const;

/** What a server says about an export. */
export interface NbdExport {
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly canFlush: boolean;
}

/** Sizes of the structures, bytes. */
export const GREETING_SIZE = 18;
export const OPTION_REPLY_SIZE = 20;
export const REPLY_SIZE = 16;
export const REQUEST_SIZE = 28;

/** Bytes; names and messages in option replies are far shorter. */
export const MAX_OPTION_REPLY = 64 << 10;
/** Bytes of one read or write: what every server takes. */
export const MAX_PAYLOAD = 1 << 20;

/** The server's greeting: 0 magic, 8 IHAVEOPT, 16 u16 flags. FormatError unless it speaks fixed newstyle. */
export function checkGreeting(bytes: Uint8Array, server: string): void {
  const view = viewOf(bytes);
  const bad = (offset: number, expected: string, found: string) => fault(server, 'greeting', offset, expected, found);
  if (view.getBigUint64(0) !== NBD_MAGIC) throw bad(0, 'NBDMAGIC', hex(view.getBigUint64(0)));
  if (view.getBigUint64(8) !== OPTION_MAGIC) throw bad(8, 'IHAVEOPT (newstyle)', hex(view.getBigUint64(8)));
  if ((view.getUint16(16) & FIXED_NEWSTYLE) === 0) throw bad(16, 'fixed newstyle', `flags ${view.getUint16(16)}`);
}

/** What the client answers to the greeting, and its only option: go on with the export of this name. */
export function encodeGo(name: string): Uint8Array {
  const export_ = Buffer.from(name, 'utf8');
  const data = 4 + export_.length + 2 + 2;
  const bytes = Buffer.alloc(4 + 16 + data);
  bytes.writeUInt32BE(FIXED_NEWSTYLE | NO_ZEROES, 0);
  bytes.writeBigUInt64BE(OPTION_MAGIC, 4);
  bytes.writeUInt32BE(OPT_GO, 12);
  bytes.writeUInt32BE(data, 16);
  bytes.writeUInt32BE(export_.length, 20);
  export_.copy(bytes, 24);
  const at = 24 + export_.length;
  bytes.writeUInt16BE(1, at); // one information request
  bytes.writeUInt16BE(INFO_BLOCK_SIZE, at + 2);
  return bytes;
}

/** The head of an option reply: 0 u64 magic, 8 u32 option, 12 u32 type, 16 u32 length of what follows. */
export function decodeOptionReply(bytes: Uint8Array, server: string): { type: number; length: number } {
  const view = viewOf(bytes);
  const bad = (offset: number, expected: string, found: string) =>
    fault(server, 'option reply', offset, expected, found);
  if (view.getBigUint64(0) !== OPTION_REPLY_MAGIC) throw bad(0, hex(OPTION_REPLY_MAGIC), hex(view.getBigUint64(0)));
  if (view.getUint32(8) !== OPT_GO) throw bad(8, `an answer to option ${OPT_GO}`, String(view.getUint32(8)));
  const length = view.getUint32(16);
  if (length > MAX_OPTION_REPLY) throw bad(16, `at most ${MAX_OPTION_REPLY} bytes`, String(length));
  return { type: view.getUint32(12), length };
}

/** The data of NBD_REP_INFO. Undefined for information that is of no use here. FormatError for blocks larger than a sector. */
export function decodeInfo(bytes: Uint8Array, server: string): NbdExport | undefined {
  const view = viewOf(bytes);
  const bad = (offset: number, expected: string, found: string) => fault(server, 'export', offset, expected, found);
  if (bytes.length < 2) throw bad(0, 'a type', `${bytes.length} bytes`);
  switch (view.getUint16(0)) {
    case INFO_EXPORT: {
      if (bytes.length < 12) throw bad(2, 'size and flags', `${bytes.length} bytes`);
      const size = view.getBigUint64(2);
      if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(2, 'a size below 2^53', String(size));
      const flags = view.getUint16(10);
      return {
        size: Number(size),
        readOnly: (flags & ExportFlag.readOnly) !== 0,
        canFlush: (flags & ExportFlag.hasFlags) !== 0 && (flags & ExportFlag.flush) !== 0,
      };
    }
    case INFO_BLOCK_SIZE: {
      if (bytes.length < 14) throw bad(2, 'three block sizes', `${bytes.length} bytes`);
      const minimum = view.getUint32(2);
      // HFS+ headers are single sectors.
      if (minimum > 512) throw bad(2, 'blocks of at most 512 bytes', `${minimum}`);
      return undefined;
    }
    default:
      return undefined;
  }
}

/** A request: 0 u32 magic, 4 u16 flags, 6 u16 command, 8 u64 handle, 16 u64 offset, 24 u32 length. */
export function encodeRequest(command: NbdCommandCode, handle: number, offset: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(REQUEST_SIZE);
  bytes.writeUInt32BE(REQUEST_MAGIC, 0);
  bytes.writeUInt16BE(command, 6);
  bytes.writeBigUInt64BE(BigInt(handle), 8);
  bytes.writeBigUInt64BE(BigInt(offset), 16);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}

/** A simple reply: 0 u32 magic, 4 u32 error (an errno), 8 u64 handle; a read's data follows. */
export function decodeReply(bytes: Uint8Array, server: string): { error: number; handle: number } {
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  if (magic !== REPLY_MAGIC)
    throw fault(server, 'reply', 0, `0x${REPLY_MAGIC.toString(16)}`, `0x${magic.toString(16)}`);
  return { error: view.getUint32(4), handle: Number(view.getBigUint64(8)) };
}

function hex(number: bigint): string {
  return `0x${number.toString(16)}`;
}

function fault(file: string, structure: string, offset: number, expected: string, found: string): FormatError {
  return new FormatError({ file, structure: `NBD ${structure}`, offset, expected, found });
}
