import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { readV2 } from '../../../src/formats/codecs/lzfse/header.js';
import { decodeLzfse } from '../../../src/formats/codecs/lzfse.js';
import { fixture, outcome, survey, WHERE } from './damage.js';

const END = Buffer.from('bvx$');
const inline = fixture('decmpfs/real_lzfse_inline.payload');
const inlinePlain = fixture('decmpfs/real_zlib_inline.expected');
const fork = fixture('decmpfs/real_lzfse_rsrc.rsrc');
const forkPlain = fixture('decmpfs/zlib.expected');
/** The first 64 KiB block of that fork: one bvx2 block. */
const block = fork.subarray(fork.readUInt32LE(0), fork.readUInt32LE(4));
const blockPlain = forkPlain.subarray(0, 65536);

function words(magic: string, ...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * numbers.length);
  bytes.write(magic, 'latin1');
  numbers.forEach((number, i) => {
    bytes.writeUInt32LE(number, 4 + 4 * i);
  });
  return bytes;
}

/** The same block with the long, unpacked header that only early encoders wrote. */
function asV1(v2: Buffer): Buffer {
  const header = readV2(v2, 0, WHERE);
  const payloadBytes = header.literalPayloadBytes + header.lmdPayloadBytes;
  const v1 = Buffer.alloc(772);
  v1.write('bvx1', 'latin1');
  const { rawBytes, literals, matches, literalPayloadBytes, lmdPayloadBytes } = header;
  [rawBytes, payloadBytes, literals, matches, literalPayloadBytes, lmdPayloadBytes].forEach((value, i) => {
    v1.writeUInt32LE(value, 4 + 4 * i);
  });
  v1.writeInt32LE(header.literalBits, 28);
  header.literalStates.forEach((state, i) => {
    v1.writeUInt16LE(state, 32 + 2 * i);
  });
  v1.writeInt32LE(header.lmdBits, 40);
  v1.writeUInt16LE(header.lState, 44);
  v1.writeUInt16LE(header.mState, 46);
  v1.writeUInt16LE(header.dState, 48);
  header.frequencies.forEach((frequency, i) => {
    v1.writeUInt16LE(frequency, 50 + 2 * i);
  });
  return Buffer.concat([v1, v2.subarray(header.headerBytes)]);
}

describe('files that macOS compressed', () => {
  test('in an attribute (a bvxn block)', () => {
    expect(inline.toString('latin1', 0, 4)).toBe('bvxn');
    expect(Buffer.compare(Buffer.from(decodeLzfse(inline, inlinePlain.length, WHERE)), inlinePlain)).toBe(0);
  });

  test('in a resource fork (bvx2 blocks)', () => {
    const plain: Uint8Array[] = [];
    for (let i = 0; i * 65536 < forkPlain.length; i++) {
      const input = fork.subarray(fork.readUInt32LE(4 * i), fork.readUInt32LE(4 * i + 4));
      expect(input.toString('latin1', 0, 4)).toBe('bvx2');
      plain.push(decodeLzfse(input, Math.min(65536, forkPlain.length - 65536 * i), WHERE));
    }
    expect(Buffer.compare(Buffer.concat(plain), forkPlain)).toBe(0);
  });
});

describe('other blocks', () => {
  test('bvx1: the same data behind the unpacked header', () => {
    const v1 = asV1(block);
    expect(Buffer.compare(Buffer.from(decodeLzfse(v1, 65536, WHERE)), blockPlain)).toBe(0);
    const count = survey(v1.subarray(0, 50), blockPlain, (head) => {
      return decodeLzfse(Buffer.concat([head, v1.subarray(head.length)]), 65536, WHERE);
    });
    expect(count.refused).toBeGreaterThan(80);
  });

  test('bvx-, all kinds mixed, bytes after bvx$ ignored', () => {
    const parts = [words('bvx-', 5), Buffer.from('hello'), block.subarray(0, -4), inline, Buffer.from('rest')];
    const plain = Buffer.concat([Buffer.from('hello'), blockPlain, inlinePlain]);
    expect(Buffer.from(decodeLzfse(Buffer.concat(parts), plain.length, WHERE))).toEqual(plain);
  });

  test('an LZVN block may look back into the block before it', () => {
    const lzvn = Uint8Array.from([0x07, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    const stream = Buffer.concat([words('bvx-', 4), Buffer.from('abcd'), words('bvxn', 3, lzvn.length), lzvn, END]);
    expect(Buffer.from(decodeLzfse(stream, 7, WHERE)).toString()).toBe('abcdabc');
  });

  test('nothing at all', () => {
    expect(decodeLzfse(END, 0, WHERE).length).toBe(0);
  });
});

describe('damage', () => {
  test('bad magics, lengths and an absent end are refused', () => {
    const refused = (stream: Buffer, length: number, message: string) =>
      expect(() => decodeLzfse(stream, length, WHERE)).toThrow(message);
    refused(words('bvx3', 1), 1, 'expected a block magic');
    refused(words('bvx-', 5), 5, 'expected 5 stored bytes, found 0 until the end of the run');
    refused(Buffer.concat([words('bvx-', 1), Buffer.from('a')]), 1, 'expected a block at byte 9 of the run');
    refused(words('bvx-', 0xffffffff), 5, 'expected 5 decoded bytes, found 4294967295 or more');
    refused(words('bvxn', 5, 0xffffffff), 5, 'bytes of LZVN, found 0 in the run');
    refused(words('bvx2', 5), 5, 'a whole block header');
    refused(Buffer.concat([words('bvxn', 1, 2), Buffer.from([0xe1, 97]), END]), 1, 'an end-of-stream opcode');
    for (const length of [0, 65535, 65537]) {
      expect(outcome(() => decodeLzfse(block, length, WHERE))).toBeInstanceOf(FormatError);
    }
  });

  test('every byte of the header and some of the payload: an error or as many bytes (LZFSE has no checksum)', () => {
    const header = readV2(block, 0, WHERE).headerBytes;
    const count = survey(block.subarray(0, header + 40), blockPlain, (head) => {
      return decodeLzfse(Buffer.concat([head, block.subarray(head.length)]), 65536, WHERE);
    });
    expect(count.refused).toBeGreaterThan(header);
  });

  test('LZVN inside: every byte', () => {
    const count = survey(inline, inlinePlain, (bad) => decodeLzfse(bad, inlinePlain.length, WHERE));
    expect(count.refused).toBeGreaterThanOrEqual(inline.length);
  });
});
