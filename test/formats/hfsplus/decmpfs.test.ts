import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { fromBytes } from '../../../src/formats/bytes.js';
import { decompressed } from '../../../src/formats/hfsplus/decmpfs.js';
import { fixture } from './volumes.js';

const real = (name: string) => fixture(`hfsplus/decmpfs/${name}`);

function attribute(type: number, size: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(16 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x66, 0x70, 0x6d, 0x63]);
  view.setUint32(4, type, true);
  view.setBigUint64(8, BigInt(size), true);
  bytes.set(payload, 16);
  return bytes;
}

const open = (xattr: Uint8Array, resource?: Uint8Array) =>
  decompressed(fromBytes(xattr, 'xattr'), resource && fromBytes(resource, 'rsrc'), 'file');

const CASES = [
  { type: 3, inline: 'real_zlib_inline.payload', plain: 'real_zlib_inline.expected' },
  { type: 4, rsrc: 'real_zlib_rsrc.rsrc', plain: 'zlib.expected' },
  { type: 8, rsrc: 'lzvn.rsrc', plain: 'lzvn.expected' },
  { type: 8, rsrc: 'tahoe_type8.rsrc', plain: 'tahoe_type8.expected' },
  { type: 11, inline: 'real_lzfse_inline.payload', plain: 'real_zlib_inline.expected' },
  { type: 12, rsrc: 'real_lzfse_rsrc.rsrc', plain: 'zlib.expected' },
];
const sourceOf = ({ type, inline, rsrc, plain }: (typeof CASES)[number]) =>
  open(attribute(type, real(plain).length, inline ? real(inline) : undefined), rsrc ? real(rsrc) : undefined);

describe('real compressed files', () => {
  it.each(CASES)('type $type: $plain', async (one) => {
    const source = await sourceOf(one);
    const plain = real(one.plain);
    expect(source.size).toBe(plain.length);
    expect(Buffer.compare(await source.read(0, source.size), plain)).toBe(0);
  });

  it('type 9: a whole attribute as macOS wrote it', async () => {
    const source = await open(real('tahoe_type9.decmpfs'));
    expect(new Uint8Array(await source.read(0, source.size))).toEqual(real('tahoe_type9.expected'));
  });

  it('any stretch can be read', async () => {
    const source = await sourceOf(CASES[1]!);
    const plain = real('zlib.expected');
    const stretch = fc
      .tuple(fc.nat(plain.length), fc.nat(plain.length))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);
    await fc.assert(
      fc.asyncProperty(stretch, async ([from, to]) => {
        const part = await source.read(from!, to! - from!);
        expect(Buffer.compare(part, plain.subarray(from, to))).toBe(0);
      }),
      { numRuns: 40 },
    );
    await expect(source.read(plain.length, 1)).rejects.toBeInstanceOf(FormatError);
  });
});

describe('files made here', () => {
  const plain = Uint8Array.from({ length: 300 }, (_, i) => i);
  const read = async (xattr: Uint8Array, rsrc?: Uint8Array) => {
    const source = await open(xattr, rsrc);
    return new Uint8Array(await source.read(0, source.size));
  };

  it('type 1: as it is', async () => expect(await read(attribute(1, 300, plain))).toEqual(plain));
  it('type 3, stored', async () =>
    expect(await read(attribute(3, 300, Uint8Array.from([0xff, ...plain])))).toEqual(plain));
  it('type 3, zlib', async () => expect(await read(attribute(3, 300, deflateSync(plain)))).toEqual(plain));
  it('type 7, stored', async () =>
    expect(await read(attribute(7, 300, Uint8Array.from([0x06, ...plain])))).toEqual(plain));
  it('type 10: raw blocks', async () => {
    const rsrc = Uint8Array.from([8, 0, 0, 0, 0x35, 1, 0, 0, 0xcc, ...plain]);
    expect(await read(attribute(10, 300), rsrc)).toEqual(plain);
  });
  it('no bytes at all', async () => expect(await read(attribute(4, 0))).toEqual(new Uint8Array(0)));
});

describe('refused', () => {
  it.each([
    [5, /type 5 \(de-duplicated/],
    [13, /type 13 \(LZBITMAP/],
    [14, /type 14 \(LZBITMAP/],
    [0x8000_0001, /dataless/],
    [99, /type 99/],
  ])('type %i', async (type, message) => {
    await expect(open(attribute(type, 10))).rejects.toThrow(message);
  });

  it('no header, no resource fork, absurd sizes', async () => {
    await expect(open(new Uint8Array(15))).rejects.toThrow(/16 bytes/);
    await expect(open(new Uint8Array(16))).rejects.toThrow(/fpmc/);
    await expect(open(attribute(4, 10))).rejects.toThrow(/resource fork/);
    await expect(open(attribute(3, 2 ** 40, deflateSync(new Uint8Array(9))))).rejects.toThrow(/at most/);
    await expect(open(attribute(4, 2 ** 50), real('real_zlib_rsrc.rsrc'))).rejects.toThrow(/blocks/);
    await expect(open(attribute(8, 2 ** 50), real('lzvn.rsrc'))).rejects.toThrow(/offsets/);
  });

  it.each(CASES)('type $type: cut short or changed, a FormatError or plain bytes', async (one) => {
    const good = real((one.inline ?? one.rsrc)!);
    const size = real(one.plain).length;
    const attempt = async (bytes: Uint8Array) => {
      try {
        const source = one.inline
          ? await open(attribute(one.type, size, bytes))
          : await open(attribute(one.type, size), bytes);
        expect(await source.read(0, source.size)).toHaveLength(size);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    };
    for (let i = 0; i < 12; i++) await attempt(good.subarray(0, Math.floor((good.length * i) / 12)));
    for (const at of [0, 1, 2, 3, 4, 5, 8, 256, 259, 260, 264, 268, 272, 400]) {
      const bytes = good.slice();
      bytes[at] = 0xff;
      await attempt(bytes);
    }
  });
});
