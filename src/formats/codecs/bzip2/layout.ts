// Where wasm/bzip2.ts and block.ts have what they share: bytes from the start of the memory. Numbers only, as AssemblyScript reads it, too.

/** Six u32. */
export const STATE = 0;
/** CRC-32's table: 256 u32. */
export const CRC = 1024;
/** Where in the sorted column each byte value starts: 256 u32. */
export const STARTS = 2048;
/** Byte values, the one used last in front. */
export const MOVED = 3072;
/** Six Huffman codes: 1024 u16 by the next ten bits, then 21 i32, 21 i32 and 258 u16. */
export const TABLES = 4096;
export const TABLE_BYTES = 3072;
export const TABLE_LIMITS = 2048;
export const TABLE_OFFSETS = 2176;
export const TABLE_SYMBOLS = 2304;
export const SELECTORS = 24576;
/** The largest block's inverse Burrows-Wheeler chain, u32 each: next index << 8 | byte. */
export const CHAIN = 65536;
/** What is written to, before it is copied out. */
export const OUTPUT = 3670016;
export const OUTPUT_BYTES = 262144;
/** A block as it is stored. */
export const INPUT = 3932160;
export const INPUT_BYTES = 2400256;

/** Longest Huffman code bzip2 allows, bits. */
export const MAX_CODE = 20;
/** Codes up to this many bits are found with one look into a table. */
export const QUICK_BITS = 10;
