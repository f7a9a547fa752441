/** The two cpio forms found in packages: POSIX odc ("070707", octal, unpadded), SVR4 newc ("070701", hex, padded to 4). */
export type CpioFormat = 'odc' | 'newc';

/** The numbers of one entry. Sizes in bytes, `mtime` in seconds since 1970. */
export interface CpioHeader {
  readonly format: CpioFormat;
  readonly dev: number;
  readonly ino: number;
  /** With the file type bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly rdev: { readonly major: number; readonly minor: number };
  readonly mtime: number;
  /** Of the name with its NUL. */
  readonly nameSize: number;
  /** Of the data. */
  readonly size: number;
}

/** Bytes of a header with its magic. */
export const HEADER_SIZE: Readonly<Record<CpioFormat, number>> = { odc: 76, newc: 110 };
/** Names and data of newc begin and end at multiples of this. */
const ALIGN: Readonly<Record<CpioFormat, number>> = { odc: 1, newc: 4 };

/** The field that cannot be read. */
export interface BadField {
  readonly bad: string;
  readonly at: number;
  readonly expected: string;
}

/** The form a magic (6 bytes) stands for. */
export function formatOf(magic: string): CpioFormat | undefined {
  return magic === '070707' ? 'odc' : magic === '070701' ? 'newc' : undefined;
}

/** Bytes to leave out after `length` bytes of header and name, or of data. */
export function padding(format: CpioFormat, length: number): number {
  return -length & (ALIGN[format] - 1);
}

/** Reads a whole header. */
export function parseHeader(format: CpioFormat, bytes: Uint8Array): CpioHeader | BadField {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const [digits, radix] = format === 'odc' ? ([/^[0-7]+$/, 8] as const) : ([/^[0-9a-fA-F]+$/, 16] as const);
  let bad: BadField | undefined;
  const field = (at: number, width: number): number => {
    const value = text.slice(at, at + width);
    if (!digits.test(value)) bad ??= { bad: value, at, expected: `${width} digits of base ${radix}` };
    return Number.parseInt(value, radix);
  };
  let header: CpioHeader;
  if (format === 'odc') {
    const rdev = field(42, 6);
    header = {
      format, //                                      0 magic "070707"
      dev: field(6, 6),
      ino: field(12, 6),
      mode: field(18, 6),
      uid: field(24, 6),
      gid: field(30, 6),
      nlink: field(36, 6),
      rdev: { major: rdev >>> 8, minor: rdev & 0xff }, // 42
      mtime: field(48, 11),
      nameSize: field(59, 6),
      size: field(65, 11),
    };
  } else {
    header = {
      format, //                                      0 magic "070701"
      ino: field(6, 8),
      mode: field(14, 8),
      uid: field(22, 8),
      gid: field(30, 8),
      nlink: field(38, 8),
      mtime: field(46, 8),
      size: field(54, 8),
      dev: field(62, 8) * 0x1_0000_0000 + field(70, 8), // major, minor
      rdev: { major: field(78, 8), minor: field(86, 8) },
      nameSize: field(94, 8),
      //                                            102 checksum, 0 in this form
    };
  }
  return bad ?? header;
}

/** The bytes of a header. Throws a plain Error where a number does not fit the form. */
export function encodeHeader(header: CpioHeader): Uint8Array {
  const fields = (radix: number, list: readonly (readonly [value: number, width: number])[]): string =>
    list
      .map(([value, width]) => {
        const digits = value.toString(radix).padStart(width, '0');
        if (digits.length > width || value < 0) throw new Error(`${value} does not fit ${width} digits of cpio`);
        return digits;
      })
      .join('');
  const { dev, ino, mode, uid, gid, nlink, rdev, mtime, nameSize, size } = header;
  if (header.format === 'odc') {
    const device = rdev.major * 256 + rdev.minor;
    const short = [dev, ino, mode, uid, gid, nlink, device].map((value) => [value, 6] as const);
    return Buffer.from(`070707${fields(8, [...short, [mtime, 11], [nameSize, 6], [size, 11]])}`, 'latin1');
  }
  const devs = [Math.floor(dev / 0x1_0000_0000), dev % 0x1_0000_0000, rdev.major, rdev.minor];
  const all = [ino, mode, uid, gid, nlink, mtime, size, ...devs, nameSize, 0];
  return Buffer.from(
    `070701${fields(
      16,
      all.map((value) => [value, 8] as const),
    )}`,
    'latin1',
  );
}
