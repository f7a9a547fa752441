/** Letters of Balinese: decomposed by today's Unicode, unknown to HFS+'s tables of about Unicode 3.2. */
const AFTER_3_2 = '\u1b06\u1b08\u1b0a\u1b0c\u1b0e\u1b12\u1b3b\u1b3d\u1b40\u1b41\u1b43';

/** Stretches that HFS+ stores as they are: U+2000-2FFF, U+F900-FAFF, everything beyond the BMP, letters newer than its tables. */
const KEPT = new RegExp(`([\u2000-\u2fff\uf900-\ufaff\ud800-\udfff${AFTER_3_2}]+)`);

/** A name as HFS+ stores it: fully decomposed after the tables frozen at about Unicode 3.2, not after today's NFD. */
export function decompose(name: string): string {
  // Almost every name is ASCII.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, control characters too
  if (/^[\u0000-\u007f]*$/.test(name)) return name;
  return name
    .split(KEPT)
    .map((part, i) => (i % 2 === 1 ? part : part.normalize('NFD')))
    .join('');
}
