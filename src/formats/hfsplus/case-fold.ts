/**
 * HFS+'s case folding (FastUnicodeCompare): one UTF-16 unit to one unit. The letters are facts of Unicode about 2.0: those with
 * a simple lower case that were not stored decomposed anyway. Each row: first unit, last unit, step, what is added.
 */
const FOLDS: readonly (readonly [number, number, number, number])[] = [
  // Latin
  [0x41, 0x5a, 1, 32],
  [0xc6, 0xc6, 1, 32],
  [0xd0, 0xd8, 8, 32],
  [0xde, 0xde, 1, 32],
  [0x110, 0x110, 1, 1],
  [0x126, 0x132, 12, 1],
  [0x13f, 0x141, 2, 1],
  [0x14a, 0x152, 8, 1],
  [0x166, 0x166, 1, 1],
  // African and phonetic letters
  [0x181, 0x181, 1, 210],
  [0x182, 0x184, 2, 1],
  [0x186, 0x186, 1, 206],
  [0x187, 0x18b, 4, 1],
  [0x189, 0x18a, 1, 205],
  [0x18e, 0x18e, 1, 79],
  [0x18f, 0x18f, 1, 202],
  [0x190, 0x190, 1, 203],
  [0x191, 0x191, 1, 1],
  [0x193, 0x193, 1, 205],
  [0x194, 0x194, 1, 207],
  [0x196, 0x19c, 6, 211],
  [0x197, 0x197, 1, 209],
  [0x198, 0x198, 1, 1],
  [0x19d, 0x19d, 1, 213],
  [0x19f, 0x19f, 1, 214],
  [0x1a2, 0x1a4, 2, 1],
  [0x1a7, 0x1ac, 5, 1],
  [0x1a9, 0x1ae, 5, 218],
  [0x1b1, 0x1b2, 1, 217],
  [0x1b3, 0x1b5, 2, 1],
  [0x1b7, 0x1b7, 1, 219],
  [0x1b8, 0x1bc, 4, 1],
  // Digraphs in capital and title case
  [0x1c4, 0x1ca, 3, 2],
  [0x1c5, 0x1cb, 3, 1],
  [0x1e4, 0x1e4, 1, 1],
  [0x1f1, 0x1f1, 1, 2],
  [0x1f2, 0x1f2, 1, 1],
  // Greek, Coptic
  [0x391, 0x3a1, 1, 32],
  [0x3a3, 0x3a9, 1, 32],
  [0x3e2, 0x3ee, 2, 1],
  // Cyrillic without the letters that decompose
  [0x402, 0x402, 1, 80],
  [0x404, 0x406, 1, 80],
  [0x408, 0x40b, 1, 80],
  [0x40f, 0x40f, 1, 80],
  [0x410, 0x418, 1, 32],
  [0x41a, 0x42f, 1, 32],
  [0x460, 0x474, 2, 1],
  [0x478, 0x480, 2, 1],
  [0x490, 0x4be, 2, 1],
  [0x4c3, 0x4cb, 4, 1],
  // Armenian, Georgian, Roman numerals, full-width Latin
  [0x531, 0x556, 1, 48],
  [0x10a0, 0x10c5, 1, 48],
  [0x2160, 0x216f, 1, 16],
  [0xff21, 0xff3a, 1, 32],
];

/** Units that do not count in a comparison: joiners, direction marks, the byte order mark. First and last of each range. */
const IGNORED: readonly (readonly [number, number])[] = [
  [0x200c, 0x200f],
  [0x202a, 0x202e],
  [0x206a, 0x206f],
  [0xfeff, 0xfeff],
];

function buildTable(): Uint16Array {
  const table = new Uint16Array(0x1_0000);
  for (let unit = 0; unit < table.length; unit++) table[unit] = unit;
  for (const [first, last, step, add] of FOLDS) {
    for (let unit = first; unit <= last; unit += step) table[unit] = unit + add;
  }
  for (const [first, last] of IGNORED) table.fill(0, first, last + 1);
  // U+0000 is a legal unit of a name and sorts after everything.
  table[0] = 0xffff;
  return table;
}

/** For each UTF-16 unit what it compares as; 0 means it is skipped. */
export const caseFold: Uint16Array = buildTable();
