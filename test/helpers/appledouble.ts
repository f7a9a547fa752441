import { appleDouble as encode } from '../../scripts/installer/appledouble.js';

/** An AppleDouble file of parts given as text, one byte a character. */
export function appleDouble(parts: {
  finderInfo?: string;
  resource?: string;
  xattrs?: Record<string, string>;
}): Buffer {
  const bytes = (text: string) => Buffer.from(text, 'latin1');
  return encode({
    finderInfo: bytes(parts.finderInfo ?? ''),
    resource: bytes(parts.resource ?? ''),
    xattrs: Object.entries(parts.xattrs ?? {}).map(([name, value]) => ({ name, value: bytes(value) })),
  });
}
