/** A key as QEMU names it (QKeyCode), as browsers do (KeyboardEvent.code), and what it types without and with Shift. */
type Key = readonly [qcode: string, code: string, plain: string, shifted: string];

/** A US keyboard's keys that type something; OS X takes QEMU's keyboard for one until somebody chooses another. */
const KEYS: readonly Key[] = [
  ['grave_accent', 'Backquote', '`', '~'],
  ['1', 'Digit1', '1', '!'],
  ['2', 'Digit2', '2', '@'],
  ['3', 'Digit3', '3', '#'],
  ['4', 'Digit4', '4', '$'],
  ['5', 'Digit5', '5', '%'],
  ['6', 'Digit6', '6', '^'],
  ['7', 'Digit7', '7', '&'],
  ['8', 'Digit8', '8', '*'],
  ['9', 'Digit9', '9', '('],
  ['0', 'Digit0', '0', ')'],
  ['minus', 'Minus', '-', '_'],
  ['equal', 'Equal', '=', '+'],
  ['bracket_left', 'BracketLeft', '[', '{'],
  ['bracket_right', 'BracketRight', ']', '}'],
  ['backslash', 'Backslash', '\\', '|'],
  ['semicolon', 'Semicolon', ';', ':'],
  ['apostrophe', 'Quote', "'", '"'],
  ['comma', 'Comma', ',', '<'],
  ['dot', 'Period', '.', '>'],
  ['slash', 'Slash', '/', '?'],
  ['spc', 'Space', ' ', ' '],
  ['ret', 'Enter', '\n', '\n'],
  ['tab', 'Tab', '\t', '\t'],
  ...[...'abcdefghijklmnopqrstuvwxyz'].map(
    (letter): Key => [letter, `Key${letter.toUpperCase()}`, letter, letter.toUpperCase()],
  ),
];

/** What is pressed for a character. */
export interface Stroke {
  readonly qcode: string;
  readonly code: string;
  readonly shift: boolean;
}

/** By character. */
export const STROKES: ReadonlyMap<string, Stroke> = new Map(
  KEYS.flatMap(([qcode, code, plain, shifted]): [string, Stroke][] => [
    [shifted, { qcode, code, shift: true }],
    // The last one stays: space, Enter and Tab need no Shift.
    [plain, { qcode, code, shift: false }],
  ]),
);

/** What a text is typed by, and the characters, each once, that the keyboard does not have. CR LF is one Enter. */
export function strokesOf(text: string): { readonly strokes: readonly Stroke[]; readonly missing: readonly string[] } {
  const characters = [...text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')];
  const missing = new Set(characters.filter((character) => !STROKES.has(character)));
  return { strokes: characters.flatMap((character) => STROKES.get(character) ?? []), missing: [...missing] };
}
