import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, SourceError } from '../../src/errors.js';
import { fromBytes } from '../../src/formats/bytes.js';
import {
  CHUNK_SIZE,
  ChunkVerifier,
  checkChunk,
  chunkUp,
  parseChunklist,
  verifySignature,
  writeChunklist,
} from '../../src/formats/chunklist.js';
import { APPLE_CHUNKLIST_KEY, type ChunklistKey } from '../../src/formats/chunklist-key.js';
import { orFormatError, patched } from '../helpers/damage.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OURS: ChunklistKey = {
  modulus: Buffer.from(publicKey.export({ format: 'jwk' }).n!, 'base64url').reverse(),
};
/** As Apple does: PKCS #1 v1.5 over SHA-256, stored little-endian. */
const signed = (bytes: Uint8Array) => Buffer.from(sign('sha256', bytes, privateKey)).reverse();

const IMAGE = Buffer.from(Array.from({ length: 2500 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
const CHUNKS = chunkUp(fromBytes(IMAGE, 'BaseSystem.dmg'), 1000);
const SIGNED = CHUNKS.then((chunks) => writeChunklist(chunks, signed));
const BARE = CHUNKS.then((chunks) => writeChunklist(chunks));
const NAME = 'BaseSystem.chunklist';

describe('Apple’s key', () => {
  it('is the one the facts name', () => {
    expect(APPLE_CHUNKLIST_KEY.modulus).toHaveLength(256);
    expect(sha256(APPLE_CHUNKLIST_KEY.modulus).toString('hex')).toBe(
      'c7a1b9362880de695762b7b65bec6bf156a55cf9247f22ef786235537f952b45',
    );
    const bigEndian = Buffer.from(APPLE_CHUNKLIST_KEY.modulus).reverse().toString('hex');
    expect(bigEndian).toMatch(/^c3e748cad9cd3843.*6b3efdcf$/);
  });
});

describe('parseChunklist', () => {
  it('gives every field', async () => {
    const list = parseChunklist(await SIGNED, NAME);
    expect(list).toMatchObject({ name: NAME, signatureMethod: 1, totalSize: 2500 });
    expect(list.chunks.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ]);
    expect(Buffer.from(list.chunks[1]!.sha256).equals(sha256(IMAGE.subarray(1000, 2000)))).toBe(true);
    expect([list.signed.length, list.signature.length]).toEqual([36 + 3 * 36, 256]);
    expect(parseChunklist(await BARE, NAME)).toMatchObject({ signatureMethod: 2, totalSize: 2500 });
  });

  it('is written as the field writes it', async () => {
    const bytes = Buffer.from(await BARE);
    expect(bytes.subarray(0, 40).toString('hex')).toBe(
      '434e4b4c24000000010102000300000000000000240000000000000090000000000000' + '00e8030000',
    );
    expect(bytes).toHaveLength(36 + 3 * 36 + 32);
  });

  it.each([
    ['magic', 0, 'CNKX'],
    ['header size', 4, '\x25'],
    ['file version', 8, '\x02'],
    ['chunk method', 9, '\x02'],
    ['signature method 0', 10, '\0'],
    ['signature method 3', 10, '\x03'],
    ['the other signature method', 10, '\x02'],
    ['no chunks', 12, '\0'],
    ['fewer chunks', 12, '\x02'],
    ['more chunks', 12, '\x04'],
    ['2^64 - 1 chunks', 12, '\xff\xff\xff\xff\xff\xff\xff\xff'],
    ['a count that overflows to the right size', 12, '\x03\0\0\0\0\0\0\x40'],
    ['chunk offset', 20, '\x25'],
    ['chunk offset', 24, '\x01'],
    ['signature offset', 28, '\x91'],
    ['signature offset', 35, '\xff'],
    ['a chunk of no bytes', 36, '\0\0'],
  ])('refuses: %s', async (_, offset, patch) => {
    const result = await orFormatError(async () => parseChunklist(patched(await SIGNED, offset, patch), NAME));
    expect(result).toBeInstanceOf(FormatError);
  });

  it('cut short or grown anywhere', async () => {
    for (const bytes of [await SIGNED, await BARE]) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => parseChunklist(bytes.subarray(0, length), NAME)).toThrow(FormatError);
      }
      expect(() => parseChunklist(Buffer.concat([bytes, Buffer.alloc(1)]), NAME)).toThrow(FormatError);
      expect(() => parseChunklist(Buffer.concat([bytes, Buffer.alloc(36)]), NAME)).toThrow(FormatError);
    }
  });
});

describe('verifySignature', () => {
  const state = (bytes: Uint8Array, key?: ChunklistKey) => verifySignature(parseChunklist(bytes, NAME), key);

  it('valid: signed by the key', async () => {
    expect(state(await SIGNED, OURS)).toBe('valid');
  });
  it('unknown: signed by somebody else', async () => {
    expect(state(await SIGNED)).toBe('unknown');
    expect(state(patched(await SIGNED, 36 + 3 * 36, Buffer.alloc(256)), OURS)).toBe('unknown');
    expect(state(patched(await SIGNED, 36 + 3 * 36, Buffer.alloc(256, 0xff)), OURS)).toBe('unknown');
  });
  it('absent: method 2 and right; invalid: method 2 and wrong', async () => {
    expect(state(await BARE)).toBe('absent');
    expect(state(patched(await BARE, 50, '!'))).toBe('invalid');
  });
  it('invalid: changed after it was signed, wherever', async () => {
    const bytes = await SIGNED;
    const covered = fc.integer({ min: 36, max: 36 + 3 * 36 - 1 });
    fc.assert(
      fc.property(covered, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = patched(bytes, at, Uint8Array.of(bytes[at]! ^ flip));
        expect(state(changed, OURS)).toBe('invalid');
      }),
      { numRuns: 50 },
    );
  });
  it('a signature over another kind of digest does not count', async () => {
    const bytes = writeChunklist(await CHUNKS, (list) => Buffer.from(sign('sha1', list, privateKey)).reverse());
    expect(state(bytes, OURS)).toBe('unknown');
  });
});

describe('ChunkVerifier', () => {
  const list = BARE.then((bytes) => parseChunklist(bytes, NAME));
  const verify = async (image: Uint8Array, part: number) => {
    const verifier = new ChunkVerifier(await list, 'BaseSystem.dmg');
    for (let at = 0; at < image.length; at += part) verifier.update(image.subarray(at, at + part));
    verifier.finish();
  };

  it('passes the image in parts of any size', async () => {
    for (const part of [1, 7, 999, 1000, 1001, 2000, 5000]) await verify(IMAGE, part);
  });

  it('names chunk, range and both hashes', async () => {
    const error = await verify(patched(IMAGE, 1234, '!!'), 100).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SourceError);
    const { message, hint } = error as SourceError;
    expect(message).toContain('BaseSystem.dmg: chunk 1 (bytes 1000 to 1999)');
    expect(message).toContain(sha256(IMAGE.subarray(1000, 2000)).toString('hex'));
    expect(message).toContain(sha256(patched(IMAGE, 1234, '!!').subarray(1000, 2000)).toString('hex'));
    expect(hint).toContain('get it again');
  });

  it('refuses an image that is too short or too long', async () => {
    for (const length of [0, 1, 999, 1000, 2499]) {
      await expect(verify(IMAGE.subarray(0, length), 64)).rejects.toThrow(`expected 2500 bytes`);
    }
    await expect(verify(IMAGE.subarray(0, 2100), 64)).rejects.toThrow('found 2100');
    await expect(verify(Buffer.concat([IMAGE, Buffer.from('x')]), 64)).rejects.toThrow('found more');
  });

  it('takes hashes made elsewhere', async () => {
    for (const [i, chunk] of (await list).chunks.entries()) {
      checkChunk(await list, i, sha256(IMAGE.subarray(chunk.offset, chunk.offset + chunk.size)), 'x');
    }
    const third = await list;
    expect(() => checkChunk(third, 2, sha256(IMAGE), 'x')).toThrow('chunk 2 (bytes 2000 to 2499)');
  });
});

it('chunkUp cuts as Apple does', async () => {
  const chunks = await chunkUp(fromBytes(Buffer.alloc(CHUNK_SIZE + 1), 'x'));
  expect(chunks.map(({ offset, size }) => [offset, size])).toEqual([
    [0, 10_485_760],
    [10_485_760, 1],
  ]);
});
