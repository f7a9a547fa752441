import { broken, type Where, wrongLength } from './fault.js';
import { decodeBlock } from './lzfse/block.js';
import { type BlockHeader, readV1, readV2 } from './lzfse/header.js';
import { expandLzvn } from './lzvn.js';

const STREAM = 'LZFSE stream';

/** Block magics, as little-endian words. */
const END = 0x24787662; // bvx$
const RAW = 0x2d787662; // bvx-
const V1 = 0x31787662; // bvx1
const V2 = 0x32787662; // bvx2
const LZVN = 0x6e787662; // bvxn

/**
 * Decodes an LZFSE stream (UDIF run type 0x80000007, decmpfs types 11 and 12) to exactly `plainLength` bytes; bytes after its
 * `bvx$` are ignored. FormatError otherwise. Own code: no npm package reads the format. Source: Apple's reference implementation
 * (lzfse, BSD licence), from which the tables' numbers and the order of the fields were taken.
 */
export function decodeLzfse(input: Uint8Array, plainLength: number, where: Where): Uint8Array {
  const out = new Uint8Array(plainLength);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const word = (at: number) => {
    if (at + 4 > input.length) throw broken(where, STREAM, `a block at byte ${at} of the run`, 'the end of the run');
    return view.getUint32(at, true);
  };
  let at = 0;
  let done = 0;
  for (;;) {
    const magic = word(at);
    if (magic === END) break;
    if (magic !== RAW && magic !== LZVN && magic !== V1 && magic !== V2) {
      const found = `0x${magic.toString(16).padStart(8, '0')}`;
      throw broken(where, STREAM, `a block magic (bvx-, bvx1, bvx2, bvxn, bvx$) at byte ${at} of the run`, found);
    }
    const rawBytes = word(at + 4);
    if (rawBytes > plainLength - done) throw wrongLength(where, STREAM, plainLength, `${done + rawBytes} or more`);
    switch (magic) {
      case RAW: {
        // 0 magic, 4 rawBytes, 8 the bytes.
        const bytes = input.subarray(at + 8, at + 8 + rawBytes);
        if (bytes.length !== rawBytes) {
          throw broken(where, STREAM, `${rawBytes} stored bytes`, `${bytes.length} until the end of the run`);
        }
        out.set(bytes, done);
        at += 8 + rawBytes;
        break;
      }
      case LZVN: {
        // 0 magic, 4 rawBytes, 8 payloadBytes, 12 the opcodes.
        const payloadBytes = word(at + 8);
        const end = at + 12 + payloadBytes;
        if (end > input.length) {
          throw broken(where, STREAM, `${payloadBytes} bytes of LZVN`, `${input.length - at - 12} in the run`);
        }
        if (!expandLzvn(input, at + 12, end, out, done, done + rawBytes, where)) {
          throw broken(where, 'LZVN stream', 'an end-of-stream opcode', 'the end of the block');
        }
        at = end;
        break;
      }
      default: {
        const header: BlockHeader = (magic === V1 ? readV1 : readV2)(input, at, where);
        decodeBlock(header, input, at, out, done, where);
        at += header.headerBytes + header.literalPayloadBytes + header.lmdPayloadBytes;
      }
    }
    done += rawBytes;
  }
  if (done !== plainLength) throw wrongLength(where, STREAM, plainLength, `${done}`);
  return out;
}
