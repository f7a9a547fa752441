import { crc32 } from 'node:zlib';

/** An .xz file that only stores: LZMA2's uncompressed chunks, CRC32. Longer than its content, but .xz all the same. */
export function storedXz(plain: Uint8Array): Buffer {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    return bytes;
  };
  const withCrc = (bytes: Buffer) => Buffer.concat([bytes, u32(crc32(bytes))]);
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const varint = (value: number) => {
    const bytes: number[] = [];
    for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
    return Buffer.from([...bytes, value]);
  };
  const flags = Buffer.from([0, 1]);
  const header = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), flags, u32(crc32(flags))]);
  const blockHeader = withCrc(Buffer.from([2, 0, 0x21, 1, 0x16, 0, 0, 0]));
  const parts: Buffer[] = [];
  for (let at = 0; at < plain.length; at += 65536) {
    const part = plain.subarray(at, at + 65536);
    parts.push(Buffer.from([at === 0 ? 1 : 2, (part.length - 1) >> 8, (part.length - 1) & 0xff]), Buffer.from(part));
  }
  const packed = Buffer.concat([...parts, Buffer.from([0])]);
  const unpadded = blockHeader.length + packed.length + 4;
  const index = withCrc(pad(Buffer.concat([Buffer.from([0, 1]), varint(unpadded), varint(plain.length)])));
  const backward = Buffer.concat([u32(index.length / 4 - 1), flags]);
  return Buffer.concat([
    header,
    blockHeader,
    pad(packed),
    u32(crc32(plain)),
    index,
    u32(crc32(backward)),
    backward,
    Buffer.from('YZ'),
  ]);
}

/** A pbzx stream of chunks as given: stored bytes and the plain size they stand for. */
export function pbzxOf(chunks: readonly { stored: Uint8Array; plain: number }[]): Buffer {
  const u64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
  };
  const body = chunks.flatMap(({ stored, plain }) => [u64(plain), u64(stored.length), stored]);
  return Buffer.concat([Buffer.from('pbzx'), u64(0x1000000), ...body]);
}

/** Cuts bytes into chunks, raw and .xz by turns. */
export function mixedPbzx(plain: Uint8Array, chunkSize: number): Buffer {
  const chunks: { stored: Uint8Array; plain: number }[] = [];
  for (let at = 0; at < plain.length; at += chunkSize) {
    const part = plain.subarray(at, at + chunkSize);
    chunks.push({ stored: chunks.length % 2 === 0 ? part : storedXz(part), plain: part.length });
  }
  return pbzxOf(chunks);
}
