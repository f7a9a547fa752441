import { UsageError } from '../../errors.js';

/** Characters that a reader would take for something else, or make a blank of. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** UsageError for a text that XML 1.0 cannot hold (its production 2): without the character it would be another file's name. */
export function escapeXml(value: string): string {
  return [...value]
    .map((char) => {
      const code = char.codePointAt(0)!;
      const known = ENTITIES[char];
      if (known !== undefined) return known;
      if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff) {
        throw new UsageError(
          `${JSON.stringify(value)} cannot be written in XML, which has no character U+${code.toString(16).toUpperCase().padStart(4, '0')}.`,
          'Give the file another name, or take --format shell.',
        );
      }
      return char;
    })
    .join('');
}
