import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonFault, type Located, readLocated } from '../../src/guest-folder/located-json.js';
import { times } from '../helpers/long.js';

function plain(located: Located): unknown {
  switch (located.kind) {
    case 'null':
      return null;
    case 'array':
      return located.items.map(plain);
    case 'object':
      // As JSON.parse makes it: "__proto__" is a name like any other.
      return Object.fromEntries([...located.members].map(([name, value]) => [name, plain(value)]));
    default:
      return located.value;
  }
}

const parsed = (text: string): { value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
};
const located = (text: string): { value: unknown } | JsonFault => {
  try {
    return { value: plain(readLocated(text)) };
  } catch (error) {
    if (error instanceof JsonFault) return error;
    throw error;
  }
};

test('reads what JSON.parse reads, as it does', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(located(text)).toEqual({ value: JSON.parse(text) });
    }),
    { numRuns: times(300) },
  );
});

test('refuses what JSON.parse refuses', () => {
  const bits = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '1',
    '-',
    '0',
    '1e5',
    'true',
    'nul',
    ' ',
    '\n',
    '"\\u12"',
    '\t',
    '"',
    '\\',
    '"\n"',
  );
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 8 }), (parts) => {
      const text = parts.join('');
      const [ours, theirs] = [located(text), parsed(text)];
      if (ours instanceof JsonFault && ours.expected === 'each name once') return;
      expect(ours instanceof JsonFault ? undefined : ours).toEqual(theirs);
    }),
    { numRuns: times(2000) },
  );
});

describe('says on which line, what it expects there and what it found', () => {
  test.each([
    ['{\n  "a": 1,\n}', 3, 'a name in double quotes', '}'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, '"," or "}"', '"b"'],
    ['{\n  "a": yes\n}', 2, 'a value', 'yes'],
    ['{\n  // a note\n}', 2, 'a name in double quotes', '//'],
    ['{ "a" 1 }', 1, '":" after "a"', '1'],
    ['{\n  "a": 1,\n  "a": 2\n}', 3, 'each name once', '"a"'],
    ['{ "a": [1, 2', 1, '"," or "]"', 'the end of the file'],
    ['{}\n{}', 2, 'the end of the file', '{'],
    ['', 1, 'a value', 'the end of the file'],
    ['{ "a": "\\x" }', 1, expect.stringContaining('control characters'), '"\\x"'],
    [`${'['.repeat(100_000)}`, 1, 'at most 32 values inside each other', '['],
  ])('%j', (text, line, expected, found) => {
    expect(located(text)).toMatchObject({ line, expected, found });
  });
});
