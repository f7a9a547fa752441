import fc from 'fast-check';

/** What some reader of text takes for more than a letter: shells, here-documents, QEMU's options, XML. */
const PIECES = [
  ...[
    '\n',
    '\r',
    '\t',
    ' ',
    "'",
    '"',
    '`',
    '$(touch hit)',
    '$HOME',
    '\\',
    '\\n',
    ',',
    ',,',
    '=',
    'a=b',
    '-',
    '--',
    '~',
  ],
  ...['SMC', '\nSMC\n', 'EOF', '<<', '<', '>', ']]>', '&', '&amp;', ';', '|', '*', '?', '[', ']', '{', '}', '(', ')'],
  ...[
    '#',
    '!',
    '%',
    '%s',
    '@',
    ':',
    'json:{}',
    'fat:',
    '^',
    'ä',
    'a\u0308',
    '日本',
    '😀',
    '\u00a0',
    '\u007f',
    '\u0007',
    'x',
    'Y',
    '0',
  ],
];

/** A text of them. */
export const nasty = fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => pieces.join(''));

/** The same as a file's name, short enough for a socket's. */
export const nastyName = nasty
  .map((text) => [...text.replaceAll('/', '')].slice(0, 24).join(''))
  .filter((name) => name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) <= 48);
