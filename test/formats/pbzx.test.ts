import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { decode } from '../../src/formats/codecs/index.js';
import {
  indexPbzx,
  MAX_PBZX_CHUNK,
  MAX_PBZX_CHUNKS,
  openPbzx,
  unpbzx,
  writePbzx,
} from '../../src/formats/pbzx/index.js';
import type { EncodedPiece, Piece } from '../../src/formats/pieces.js';
import { joined, orFormatError, patched } from '../helpers/damage.js';
import { mixedPbzx, pbzxOf, storedXz } from '../helpers/pbzx.js';

/** 8192 bytes, and what XZ Utils 5.4 (through Python's lzma) makes of them: CRC64; and no check, with the x86 filter. */
const PATTERN = Buffer.concat(
  new Array(128).fill(Buffer.from(Array.from({ length: 64 }, (_, i) => ((i * i) / 7) & 0xff))),
);
const XZ_CRC64 =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4B//AGpdAABn/qBOsAHTN58NMbZ912BLrDwYnhGi57gCxWpmPzwa4tLTNBUEhJpxGMhkQTWCNN7c11Pp5hG8' +
  '3hIZlwPchsZNwv88VfSSyfzARaPGON60Nrk/SYOnU+NPO+eRCjY+qAcLRivmr+nyCAAAAAAsRZhmgrqSVAABhgGAQAAAUzEfq7HEZ/sCAAAAAARZWg==';
const XZ_X86 =
  '/Td6WFoAAAD/EtlBAgEEACEBFgANhjUf4B//AGpdAABn/qBOsAHTN58NMbZ912BLrDwYnhGi57gCxWpmPzwa4tLTNBUEhJpxGMhkQTWCNN7c11Pp5hG8' +
  '3hIZlwPchsZNwv88VfSSyfzARaPGON60Nrk/SYOnU+NPO+eRCjY+qAcLRivmr+nyCAAAAAAAAX6AQAAAAMNQj9ioAAr8AgAAAAAAWVo=';
const REAL = pbzxOf([
  { stored: Buffer.from(XZ_CRC64, 'base64'), plain: 8192 },
  { stored: PATTERN.subarray(0, 5000), plain: 5000 },
  { stored: Buffer.from(XZ_X86, 'base64'), plain: 8192 },
]);
const REAL_PLAIN = Buffer.concat([PATTERN, PATTERN.subarray(0, 5000), PATTERN]);

/** What a worker would do with a piece. */
async function produce(piece: Piece): Promise<Uint8Array> {
  if (piece.kind === 'bytes') return piece.bytes;
  if (piece.kind !== 'encoded') throw new Error(piece.kind);
  const input = Buffer.concat(await Promise.all(piece.input.map(produce)));
  const plain = decode(piece.codec, input, piece.plainLength, piece);
  return plain.subarray(piece.skip, piece.skip + piece.length);
}

describe('reading', () => {
  it('decodes .xz chunks of other writers, raw chunks, and ends where the file does', async () => {
    expect((await joined(unpbzx(fromBytes(REAL, 'Payload')))).equals(REAL_PLAIN)).toBe(true);
    expect(await indexPbzx(fromBytes(REAL, 'Payload'))).toEqual([
      { at: 28, stored: 172, offset: 0, plain: 8192, raw: false },
      { at: 216, stored: 5000, offset: 8192, plain: 5000, raw: true },
      { at: 5232, stored: 164, offset: 13192, plain: 8192, raw: false },
    ]);
  });

  it('of chunks that are looked into no more is read than that takes', async () => {
    const plain = randomBytes(2_000_000);
    const chunk = { stored: storedXz(plain), plain: plain.length };
    let read = 0;
    const stored = fromBytes(pbzxOf([chunk, chunk, chunk]), 'Payload');
    const source = await openPbzx({
      ...stored,
      read: (offset, length) => {
        read += length;
        return stored.read(offset, length);
      },
    });
    read = 0;
    let at = plain.length + 1000;
    for (const end = at + 600_000; at < end; ) {
      const bytes = await source.readHere(at);
      expect(Buffer.compare(bytes, plain.subarray(at - plain.length).subarray(0, bytes.length))).toBe(0);
      at += bytes.length;
    }
    expect(read).toBeLessThan(chunk.stored.length);
    // On to the end of this chunk and into the next, of which some is looked at meanwhile.
    expect((await source.beginning(2, 7, 100)).subarray(0, 9)).toEqual(Uint8Array.from(plain.subarray(7, 16)));
    for (; at < 2 * plain.length + 1000; ) {
      const bytes = await source.readHere(at);
      const there = at % plain.length;
      expect(Buffer.compare(bytes, plain.subarray(there, there + bytes.length))).toBe(0);
      at += bytes.length;
    }
    expect(read).toBeLessThan(chunk.stored.length * 2);
  });

  it('reads any range, and gives it as pieces another thread can make', async () => {
    const plain = randomBytes(10_000);
    const source = await openPbzx(fromBytes(mixedPbzx(plain, 700), 'Payload'));
    expect(source.size).toBe(10_000);
    await fc.assert(
      fc.asyncProperty(fc.nat(10_000), fc.nat(10_000), async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const expected = plain.subarray(from, to);
        expect((await source.read(from, to - from)).length).toBe(to - from);
        expect(expected.equals(await source.read(from, to - from))).toBe(true);
        const pieces = [...source.pieces!(from, to - from)];
        expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(to - from);
        expect(expected.equals(Buffer.concat(await Promise.all(pieces.map(produce))))).toBe(true);
      }),
      { numRuns: 100 },
    );
    await expect(source.read(9_999, 2)).rejects.toBeInstanceOf(FormatError);
  });

  it('has no pieces where its source has none', async () => {
    const { name, size, read } = fromBytes(REAL, 'Payload');
    const source = await openPbzx({ name, size, read });
    expect(source.pieces).toBeUndefined();
    expect((await source.read(8000, 400)).length).toBe(400);
  });

  it('decodes only the chunks a read lies in, and keeps the last ones', async () => {
    const decoded: number[] = [];
    const decodeChunk = async (piece: EncodedPiece) => {
      decoded.push(piece.at);
      return produce(piece);
    };
    const source = await openPbzx(fromBytes(REAL, 'Payload'), { decodeChunk });
    await source.read(13_200, 10);
    await source.read(13_192, 8192);
    await source.read(8192, 5000);
    expect(decoded).toEqual([5232]);
  });

  it('looks ahead as far as told, never further, in order', async () => {
    const plain = randomBytes(20_000);
    const bytes = pbzxOf(
      Array.from({ length: 20 }, (_, i) => {
        const part = plain.subarray(i * 1000, i * 1000 + 1000);
        return { stored: storedXz(part), plain: 1000 };
      }),
    );
    let running = 0;
    let most = 0;
    let calls = 0;
    const decodeChunk = async (piece: EncodedPiece) => {
      calls++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return produce(piece);
    };
    const source = fromBytes(bytes, 'Payload');
    expect((await joined(unpbzx(source, { decodeChunk, lookAhead: 3 }))).equals(plain)).toBe(true);
    expect([most, calls]).toEqual([4, 20]);
  });

  it('a failing decoder fails the chunk it was asked for, and nothing else', async () => {
    const bytes = pbzxOf(Array.from({ length: 4 }, () => ({ stored: storedXz(PATTERN), plain: 8192 })));
    let calls = 0;
    const decodeChunk = async (piece: EncodedPiece) => {
      if (++calls === 3) throw new Error('worker died');
      return produce(piece);
    };
    const stream = unpbzx(fromBytes(bytes, 'Payload'), { decodeChunk, lookAhead: 3 });
    expect((await stream.next()).value).toHaveLength(8192);
    expect((await stream.next()).value).toHaveLength(8192);
    await expect(stream.next()).rejects.toThrow('worker died');
    const short = unpbzx(fromBytes(bytes, 'Payload'), { decodeChunk: async () => new Uint8Array(3) });
    await expect(short.next()).rejects.toThrow('expected 8192 plain bytes, found 3');
  });
});

describe('damage', () => {
  const parse = (bytes: Uint8Array) => joined(unpbzx(fromBytes(bytes, 'Payload')));

  it.each(['pbze', 'pbz4', 'pbzz'])('refuses %s by name', async (magic) => {
    await expect(parse(patched(REAL, 0, magic))).rejects.toThrow(`found ${magic}, another codec`);
  });

  it('refuses other files', async () => {
    await expect(parse(Buffer.from('xar!........................'))).rejects.toThrow('expected "pbzx"');
    await expect(parse(Buffer.from('pbzx'))).rejects.toThrow(FormatError);
  });

  it('cut short anywhere: a FormatError, or (between chunks) a shorter stream', async () => {
    for (let length = 0; length < REAL.length; length++) {
      const result = await orFormatError(() => parse(REAL.subarray(0, length)));
      if (result instanceof FormatError) continue;
      expect([12, 200, 5216]).toContain(length);
      expect(result.equals(REAL_PLAIN.subarray(0, result.length))).toBe(true);
    }
  });

  const u64 = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
  };
  it.each([
    ['plain size 0', 12, 0n],
    ['a plain size beyond the limit', 12, BigInt(MAX_PBZX_CHUNK + 1)],
    ['a plain size of 2^64 - 1', 12, 0xffff_ffff_ffff_ffffn],
    ['a plain size that is not the true one', 12, 8191n],
    ['a plain size that is not the true one', 12, 8193n],
    ['stored size 0', 20, 0n],
    ['a stored size behind the end', 20, BigInt(REAL.length)],
    ['a stored size of 2^64 - 1', 20, 0xffff_ffff_ffff_ffffn],
  ])('%s', async (_, at, value) => {
    await expect(parse(patched(REAL, at, u64(value)))).rejects.toBeInstanceOf(FormatError);
  });

  it('refuses a stored size beyond the limit even where the file has it', async () => {
    const size = 200 * 1024 * 1024;
    const head = patched(pbzxOf([{ stored: new Uint8Array(0), plain: 1 }]), 20, u64(BigInt(size)));
    const source: ByteSource = {
      name: 'Payload',
      size: head.length + size,
      read: async (offset, length) => head.subarray(offset, offset + length),
    };
    await expect(indexPbzx(source)).rejects.toThrow(`stored bytes`);
  });

  it('refuses endless tiny chunks', async () => {
    const chunk = Buffer.concat([u64(1n), u64(1n), Buffer.from('x')]);
    const source: ByteSource = {
      name: 'Payload',
      size: 12 + 17 * (MAX_PBZX_CHUNKS + 1),
      read: async (offset, length) =>
        offset < 12 ? Buffer.from('pbzx').subarray(0, length) : chunk.subarray(0, length),
    };
    await expect(indexPbzx(source)).rejects.toThrow(`at most ${MAX_PBZX_CHUNKS} chunks`);
  });

  it('any changed byte: a FormatError or as many bytes as before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(REAL.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const result = await orFormatError(() => parse(patched(REAL, at, Uint8Array.of(REAL[at]! ^ flip))));
        // Raw chunks and .xz without a check have nothing to find it by; the block size (4 to 11) means nothing.
        if (!(result instanceof FormatError)) expect(result.length).toBe(REAL_PLAIN.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('writePbzx', () => {
  it('round trip with a packer that helps now and then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 })),
        fc.integer({ min: 1, max: 300 }),
        async (parts, size) => {
          const input = async function* () {
            yield* parts;
          };
          const bytes = await joined(writePbzx(input(), (chunk) => storedXz(chunk), size));
          const plain = Buffer.concat(parts);
          expect((await joined(unpbzx(fromBytes(bytes, 'x')))).equals(plain)).toBe(true);
          const index = await indexPbzx(fromBytes(bytes, 'x'));
          expect(index).toHaveLength(Math.ceil(plain.length / size));
          expect(index.every((chunk) => chunk.raw)).toBe(true); // storing never shortens
        },
      ),
      { numRuns: 50 },
    );
    const packed = await joined(
      writePbzx(
        (async function* () {
          yield PATTERN;
        })(),
        () => Buffer.from(XZ_CRC64, 'base64'),
      ),
    );
    expect(packed.subarray(12, 28).toString('hex')).toBe('000000000000200000000000000000ac');
    expect((await joined(unpbzx(fromBytes(packed, 'x')))).equals(PATTERN)).toBe(true);
  });
});
