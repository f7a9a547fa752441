/** The first 16 bytes of a digest as a UUID of version 3 (MD5) or 5 (SHA-1), RFC 9562, in capitals. */
export function uuidOf(digest: Uint8Array, version: 3 | 5): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex').toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
