/** CRC-32 with polynomial 0x04C11DB7, most significant bit first: not zlib's, which is reflected. */
export const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});
