/** An AppleDouble file as Apple's copyfile lays it out: Finder info with the attributes behind it, then the resource fork. */
export function appleDouble(parts: {
  finderInfo?: string;
  resource?: string;
  xattrs?: Record<string, string>;
}): Buffer {
  const xattrs = Object.entries(parts.xattrs ?? {});
  const sizes = xattrs.map(([name]) => (11 + name.length + 1 + 3) & ~3);
  const dataStart = 84 + 36 + sizes.reduce((sum, size) => sum + size, 0);
  const dataLength = xattrs.reduce((sum, [, value]) => sum + value.length, 0);
  const finderLength = dataStart + dataLength - 50;
  const resource = Buffer.from(parts.resource ?? '', 'latin1');
  const bytes = Buffer.alloc(dataStart + dataLength);
  bytes.writeUInt32BE(0x00051607, 0);
  bytes.writeUInt32BE(0x00020000, 4);
  bytes.write('Mac OS X        ', 8, 'latin1');
  bytes.writeUInt16BE(2, 24);
  for (const [i, field] of [9, 50, finderLength, 2, bytes.length, resource.length].entries()) {
    bytes.writeUInt32BE(field, 26 + 4 * i);
  }
  bytes.write(parts.finderInfo ?? '', 50, 'latin1');
  bytes.write('ATTR', 84, 'latin1');
  for (const [i, field] of [bytes.length, dataStart, dataLength].entries()) bytes.writeUInt32BE(field, 92 + 4 * i);
  bytes.writeUInt16BE(xattrs.length, 118);
  let at = 120;
  let value = dataStart;
  for (const [i, [name, text]] of xattrs.entries()) {
    bytes.writeUInt32BE(value, at);
    bytes.writeUInt32BE(text.length, at + 4);
    bytes[at + 10] = name.length + 1;
    bytes.write(name, at + 11, 'latin1');
    bytes.write(text, value, 'latin1');
    at += sizes[i]!;
    value += text.length;
  }
  return Buffer.concat([bytes, resource]);
}
