import { inflateSync } from 'node:zlib';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** How many pixels have each, by 0xRRGGBB. */
  readonly colours: ReadonlyMap<number, number>;
  /** Three bytes a pixel, row by row. */
  readonly rgb: Buffer;
}

/** A PNG's picture. Throws for what is no PNG of 8-bit RGB, as QEMU makes them. */
export function readPng(bytes: Buffer): Picture {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('not a PNG');
  const width = bytes.readUInt32BE(16);
  const height = bytes.readUInt32BE(20);
  const [depth, type, , , interlaced] = bytes.subarray(24, 29);
  if (depth !== 8 || (type !== 2 && type !== 6) || interlaced !== 0) throw new Error('a PNG of another kind');
  const size = type === 2 ? 3 : 4;

  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const length = bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + length));
  }
  const rows = inflateSync(Buffer.concat(parts));
  const stride = width * size;
  const colours = new Map<number, number>();
  const rgb = Buffer.alloc(3 * width * height);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)]!;
    const row = Buffer.from(rows.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let i = 0; i < stride; i++) {
      const left = i >= size ? row[i - size]! : 0;
      const corner = i >= size ? above[i - size]! : 0;
      row[i] = row[i]! + predict(filter, left, above[i]!, corner);
    }
    for (let i = 0; i < stride; i += size) {
      const colour = row.readUIntBE(i, 3);
      rgb.writeUIntBE(colour, 3 * (y * width + i / size), 3);
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
    above = row;
  }
  return { width, height, colours, rgb };
}

/** PNG specification, section 9: filter types 0 to 4. */
function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const p = left + up - corner;
      const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
      return a <= b && a <= c ? left : b <= c ? up : corner;
    }
    default:
      return 0;
  }
}
