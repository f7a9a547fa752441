import { crc32, deflateRawSync } from 'node:zlib';

/** A file of a zip as a test wants it, lies included. */
export interface Zipped {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Unix mode: 0o120777 is a link. */
  readonly mode?: number;
  /** What the directory says instead of the truth. */
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
}

/** A zip (APPNOTE.TXT): local headers with their data, the central directory, its end. Deflated, except what is empty. */
export function zipOf(files: readonly Zipped[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, mode = 0o100644, size = bytes.length, crc = crc32(bytes), flags = 0x800 } of files) {
    const method = bytes.length === 0 ? 0 : 8;
    const data = method === 0 ? Buffer.alloc(0) : deflateRawSync(bytes);
    const text = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(text.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, text, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode * 0x1_0000) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    // Made by: Unix; then as in the local header, then comment, disk, attributes, offset.
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, text);
    at += 4 + 26 + text.length + data.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}
