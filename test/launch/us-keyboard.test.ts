import { expect, test } from 'vitest';
import { expectTypable, MOST_TYPED } from '../../src/launch/running/type-text.js';
import { STROKES, strokesOf } from '../../src/launch/us-keyboard.js';

test('every printable character of ASCII, Enter and Tab, each by its own press', () => {
  const all = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), '\n', '\t'];
  expect([...STROKES.keys()].sort()).toEqual([...all].sort());
  const pressed = new Set([...STROKES.values()].map(({ qcode, shift }) => `${qcode} ${shift}`));
  expect(pressed.size).toBe(all.length);
  // Both names are of the same key.
  expect(new Map([...STROKES.values()].map(({ qcode, code }) => [qcode, code])).size).toBe(
    new Set([...STROKES.values()].map(({ code }) => code)).size,
  );
  expect(strokesOf('aA1!')).toEqual({
    strokes: [
      { qcode: 'a', code: 'KeyA', shift: false },
      { qcode: 'a', code: 'KeyA', shift: true },
      { qcode: '1', code: 'Digit1', shift: false },
      { qcode: '1', code: 'Digit1', shift: true },
    ],
    missing: [],
  });
});

test('line breaks of every kind are one Enter', () => {
  expect(strokesOf('a\r\nb\rc\n').strokes.map(({ qcode }) => qcode)).toEqual(['a', 'ret', 'b', 'ret', 'c', 'ret']);
});

test('what cannot be typed is named, each once, and then nothing is', () => {
  expect(() => expectTypable('Grüße, äü 😀\u0007')).toThrow(
    'A US keyboard has no "ü" "ß" "ä" "😀" "\\u0007": nothing was typed.',
  );
  expect(() => expectTypable('ÀÁÂÃÄÅÆÇÈÉÊË')).toThrow(/"É", and 2 more: nothing was typed\.$/);
  expect(() => expectTypable('x'.repeat(MOST_TYPED + 1))).toThrow('Expected at most 4096 characters, found 4097');
  expect(expectTypable('x'.repeat(MOST_TYPED))).toHaveLength(MOST_TYPED);
});
