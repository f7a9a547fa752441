import { Random } from '../../helpers/random.js';

// What the streams in test/fixtures/codecs stand for: made here again, so that a test compares every byte, not a checksum.

/** The next numbers of a fixed generator, 0 to 2^32 − 1. */
function numbers(seed: number): () => number {
  const random = new Random(seed);
  return () => random.u32();
}

const WORDS = 'volume extent fork catalog node record header block map payload kernel step place image run chunk'.split(
  ' ',
);

/** Lines of words: what Huffman codes and matches are good at. */
export function words(bytes: number, seed = 1): Uint8Array {
  const next = numbers(seed);
  let text = '';
  while (text.length < bytes) text += WORDS[next() % WORDS.length] + (next() % 9 === 0 ? '\n' : ' ');
  return Buffer.from(text.slice(0, bytes), 'latin1');
}

/** Bytes without any pattern. */
export function noise(bytes: number, seed = 2): Uint8Array {
  const next = numbers(seed);
  return Uint8Array.from({ length: bytes }, next);
}

/** Runs of 1 to `longest` equal bytes: the lengths at which bzip2's first stage changes its mind are all in it. */
export function runs(bytes: number, longest = 700, seed = 3): Uint8Array {
  const next = numbers(seed);
  const out = new Uint8Array(bytes);
  for (let at = 0; at < bytes; ) {
    const length = next() % 4 === 0 ? 1 + (next() % 6) : 1 + (next() % longest);
    out.fill(next() % 5, at, at + length);
    at += length;
  }
  return out;
}

/** Like machine code, only worse: every third byte or so looks like a CALL or its sign byte, so all doubtful cases occur. */
export function calls(bytes: number, seed = 4): Uint8Array {
  const next = numbers(seed);
  const odd = [0xe8, 0xe9, 0x00, 0xff];
  return Uint8Array.from({ length: bytes }, () => (next() % 3 === 0 ? odd[next() % 4]! : next() & 0x7f));
}

/** 16-bit ramps with a little noise, as in sound: what the delta filter is for. */
export function ramps(bytes: number, seed = 5): Uint8Array {
  const next = numbers(seed);
  const out = Buffer.alloc(bytes);
  for (let at = 0, value = 0; at + 1 < bytes; at += 2) {
    value = (value + 37 + (next() % 3)) & 0xffff;
    out.writeUInt16LE(value, at);
  }
  return out;
}
