import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlistPlaces } from '../../src/plist/places.js';
import { asArray, asDict, buildPlist, type PlistValue, parsePlist } from '../../src/plist/plist.js';
import { readXmlPlist } from '../../src/plist/xml-plist.js';
import { times } from '../helpers/long.js';

const key = fc.stringMatching(/^[A-Za-z&<# ]{1,8}$/);
const { value } = fc.letrec<{ value: PlistValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.boolean(),
    fc.integer(),
    fc.stringMatching(/^[a-z<>& ]{0,8}$/),
    fc.uint8Array({ maxLength: 9 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));

/** Every value with the text that is said to be its own. */
function* placed(
  places: PlistPlaces,
  here: PlistValue,
): Generator<[PlistValue, { at: number; end: number; keyAt?: number }]> {
  const inside = asArray(here)?.entries() ?? Object.entries(asDict(here) ?? {});
  for (const [step, inner] of inside) {
    yield [inner, places.of(here as object, step)!];
    yield* placed(places, inner);
  }
}

describe('places', () => {
  it('are those of the values: read alone, each is what it was', () => {
    fc.assert(
      fc.property(value, (root) => {
        const text = buildPlist(root);
        const places = new PlistPlaces();
        const read = readXmlPlist(text, 'x', places);
        const alone = (at: number, end: number) =>
          parsePlist(Buffer.from(`<plist>${text.slice(at, end)}</plist>`), 'x');
        expect(alone(places.root.at, places.root.end)).toEqual(read);
        for (const [inner, { at, end, keyAt }] of placed(places, read)) {
          expect(alone(at, end)).toEqual(inner);
          if (keyAt !== undefined) expect(text.slice(keyAt, keyAt + 5)).toBe('<key>');
        }
        expect(places.duplicates).toEqual([]);
      }),
      { numRuns: times(300) },
    );
  });

  it('of a key that comes twice are those of the last one, and the first is kept', () => {
    const text = '<plist><dict><key>a</key><true/><key>b</key><true/><key>a</key><false/></dict></plist>';
    const places = new PlistPlaces();
    const read = readXmlPlist(text, 'x', places) as object;
    expect([...places.all(read).keys()]).toEqual(['b', 'a']);
    const [duplicate] = places.duplicates;
    expect(text.slice(duplicate!.before.at, duplicate!.before.end)).toBe('<true/>');
    expect(text.slice(places.of(read, 'a')!.at, places.of(read, 'a')!.end)).toBe('<false/>');
    expect(places.depth).toBe(2);
  });
});
