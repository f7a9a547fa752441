/** Parts of an AppleDouble file; what is left out is zeros, or nothing. */
export interface DoubleParts {
  /** 32 bytes. */
  readonly finderInfo?: Uint8Array;
  readonly resource?: Uint8Array;
  readonly xattrs?: readonly { readonly name: string; readonly value: Uint8Array }[];
}

const PART_TABLE = 26;
const FINDER_INFO = 50;
/** Behind the Finder info and two bytes of padding. */
const ATTRIBUTES = 84;
const FIRST_ATTRIBUTE = 120;
const ATTRIBUTE = 11;

/**
 * An AppleDouble file as Apple's copyfile lays it out, big-endian: 0 magic, 4 version, 8 "Mac OS X", 24 two parts: Finder info (9) with
 * the attributes behind it, then the resource fork (2). Attributes as in xnu's bsd/vfs/vfs_xattr.c.
 */
export function appleDouble({ finderInfo, resource = new Uint8Array(0), xattrs = [] }: DoubleParts): Buffer {
  const names = xattrs.map(({ name }) => Buffer.from(`${name}\0`));
  const sizes = names.map((name) => (ATTRIBUTE + name.length + 3) & ~3);
  const dataStart = FIRST_ATTRIBUTE + sizes.reduce((sum, size) => sum + size, 0);
  const dataLength = xattrs.reduce((sum, { value }) => sum + value.length, 0);
  const bytes = Buffer.alloc(dataStart + dataLength);
  bytes.writeUInt32BE(0x00051607, 0);
  bytes.writeUInt32BE(0x00020000, 4);
  bytes.write('Mac OS X        ', 8, 'latin1');
  bytes.writeUInt16BE(2, 24);
  const parts = [9, FINDER_INFO, bytes.length - FINDER_INFO, 2, bytes.length, resource.length];
  for (const [i, field] of parts.entries()) bytes.writeUInt32BE(field, PART_TABLE + 4 * i);
  if (finderInfo) bytes.set(finderInfo, FINDER_INFO);
  bytes.write('ATTR', ATTRIBUTES, 'latin1');
  const sums = [bytes.length, dataStart, dataLength];
  for (const [i, field] of sums.entries()) bytes.writeUInt32BE(field, ATTRIBUTES + 8 + 4 * i);
  bytes.writeUInt16BE(xattrs.length, ATTRIBUTES + 34);
  let at = FIRST_ATTRIBUTE;
  let valueAt = dataStart;
  for (const [i, { value }] of xattrs.entries()) {
    const name = names[i] as Buffer;
    bytes.writeUInt32BE(valueAt, at);
    bytes.writeUInt32BE(value.length, at + 4);
    bytes[at + 10] = name.length;
    bytes.set(name, at + ATTRIBUTE);
    bytes.set(value, valueAt);
    at += sizes[i] as number;
    valueAt += value.length;
  }
  return Buffer.concat([bytes, resource]);
}
