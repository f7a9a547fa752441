import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildBinary } from 'plist';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FormatError } from '../../src/errors.js';
import {
  asArray,
  asDict,
  buildPlist,
  type PlistValue,
  parsePlist,
  plistData,
  plistGet,
  plistString,
} from '../../src/plist/plist.js';
import { points, times } from '../helpers/long.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const doc = (body: string) => bytes(`<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">${body}</plist>\n`);
const parse = (data: Uint8Array) => parsePlist(data, 'x.plist');

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  for (const method of ['log', 'warn', 'error', 'info'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void said.push(args.join(' ')));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(said).toEqual([]);
});

describe('parsePlist: XML', () => {
  it('reads a sparse bundle Info.plist made by hdiutil', () => {
    const plist = parse(readFileSync(new URL('../fixtures/udif/sparsebundle-Info.plist', import.meta.url)));
    expect(plist).toMatchObject({
      'band-size': 8388608,
      size: 4194304,
      'diskimage-bundle-type': 'com.apple.diskimage.sparsebundle',
    });
  });

  it('reads every kind of value', () => {
    const value = parse(
      doc(`<dict><key>s</key><string>a &amp; b &lt;é&gt;</string><key>A&amp;B</key><integer>-7</integer><key>r</key><real>1.5</real>
        <key>t</key><true/><key>f</key><false/><key>d</key><date>2014-10-16T01:02:03Z</date><!-- c --><key>x</key><data>
        AQID
        BA==</data><key>a</key><array><string/><dict/></array></dict>`),
    );
    expect(value).toEqual({
      s: 'a & b <é>',
      'A&B': -7,
      r: 1.5,
      t: true,
      f: false,
      d: new Date('2014-10-16T01:02:03Z'),
      x: Uint8Array.of(1, 2, 3, 4),
      a: ['', {}],
    });
  });

  it('reads text in every form that XML has for it', () => {
    const text = '<string> a<!-- c --><![CDATA[<&]]>&#65;&#x1F600;&quot;&apos;\r\nb </string>';
    expect(parse(doc(text))).toBe(' a<&A😀"\'\nb ');
    expect(
      parse(bytes('<!-- 1 --><!DOCTYPE plist [<!ENTITY a "b">]><?pi?><plist a=">" b=\'"\'><true></true></plist >\n')),
    ).toBe(true);
    expect(parse(doc('<array><key/></array>'.replace('key', 'string')))).toEqual(['']);
    expect(parse(doc('<data>QQ</data>'))).toEqual(Uint8Array.of(65));
  });

  it('takes memory and time by the length of a text, whatever is in it, and a million values at most', () => {
    const many = (part: string, bytes: number) => part.repeat(bytes / part.length);
    const million = 1_000_000;
    const megabytes = times(4 * million, million / 4);
    expect(asArray(parse(doc(`<array>${many('<true/>', 5 * million)}</array>`)))?.length).toBeGreaterThan(700_000);
    const values = ['<true a=""/>', '<true/>', '<string>&lt;</string>', '<string><![CDATA[]]></string>'];
    for (const part of points(values, 1)) {
      expect(() => parse(doc(`<array>${many(part, part.length * million)}</array>`))).toThrow('at most 1000000 values');
    }
    const attributes = Array.from({ length: million }, (_, i) => `a${i}=""`).join(' ');
    expect(() => parse(doc(`<true ${attributes}/>`))).toThrow('at most 1000000 values');
    for (const part of ['<!---->', '<?a?>', ' ', '\r'])
      expect(parse(doc(`${many(part, megabytes)}<true/>`))).toBe(true);
    for (const part of ['<', '<!', '<!DOCTYPE>', '<![CDATA[', '&', '<a', '</', '<a "', '<true a="'])
      expect(() => parse(doc(many(part, megabytes)))).toThrow(FormatError);
    expect((parse(doc(`<data>${many('Q \n', 6 * million)}</data>`)) as Uint8Array).length).toBe(1_500_000);
  });

  it('tolerates a byte order mark, UTF-16 and trailing NULs', () => {
    const text = '<plist version="1.0"><string>é</string></plist>';
    expect(parse(bytes(`\ufeff${text}`))).toBe('é');
    expect(parse(Buffer.from(`\ufeff${text}`, 'utf16le'))).toBe('é');
    expect(parse(Buffer.from(`\ufeff${text}`, 'utf16le').swap16())).toBe('é');
    expect(parse(bytes(`${text}\n\0\0`))).toBe('é');
  });

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['an OpenStep list', '{ a = b; }'],
    ['half an XML', '<?xml version="1.0"?><plist><dict><key>a</key>'],
    ['not closed', '<plist><dict></plist>'],
    ['an unclosed comment', '<plist><!-- '],
    ['another root', '<html><string>a</string></html>'],
    ['no value', '<plist></plist>'],
    ['two values', '<plist><true/><true/></plist>'],
    ['an unknown tag', '<plist><foo/></plist>'],
    ['a value as key', '<plist><dict><true/><true/></dict></plist>'],
    ['a key as value', '<plist><dict><key>a</key><key>b</key></dict></plist>'],
    ['__proto__', '<plist><dict><key>__proto__</key><dict/></dict></plist>'],
    ['no base64', '<plist><data>***</data></plist>'],
    ['no number', '<plist><integer>0x10</integer></plist>'],
    ['an empty number', '<plist><integer/></plist>'],
    ['no real', '<plist><real>many</real></plist>'],
    ['no date', '<plist><date>yesterday</date></plist>'],
    ['an undefined entity', '<plist><string>&nosuch;</string></plist>'],
    ['a duplicate attribute', '<plist a="1" a="2"><true/></plist>'],
    ['stray text', '<plist><dict>hello</dict></plist>'],
    ['a key without a value', '<plist><dict><key>a</key></dict></plist>'],
    ['an element in a text', '<plist><string>a<true/></string></plist>'],
    ['something in a boolean', '<plist><true>no</true></plist>'],
    ['something behind the end', '<plist><true/></plist><plist/>'],
    ['the end of another element', '<plist><array></dict></plist>'],
    ['a bare ampersand', '<plist><string>a & b</string></plist>'],
    ['a document type in the middle', '<plist><!DOCTYPE plist><true/></plist>'],
    ['an entity of its own', '<!DOCTYPE plist [<!ENTITY a "b">]><plist><string>&a;</string></plist>'],
    ['too much padding', '<plist><data>QQ===</data></plist>'],
    ['a letter too many', '<plist><data>QQQQQ</data></plist>'],
  ])('refuses %s with a FormatError', (_what, text) => {
    expect(() => parse(bytes(text))).toThrow(FormatError);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parse(Uint8Array.of(0x3c, 0xff, 0xfe, 0x3e))).toThrow(FormatError);
  });

  it('refuses deep nesting, however long, before anything recurses', () => {
    for (const depth of [200, 100_000]) {
      expect(() => parse(doc('<array>'.repeat(depth) + '</array>'.repeat(depth)))).toThrow(/128 levels/);
    }
    const fine = doc('<array>'.repeat(100) + '</array>'.repeat(100));
    expect(asArray(parse(fine))).toHaveLength(1);
  });

  it('names the file in the error', () => {
    expect(() => parsePlist(bytes('nonsense'), 'org.chameleon.Boot.plist')).toThrow(
      /^org\.chameleon\.Boot\.plist: property list/,
    );
  });
});

describe('parsePlist: binary', () => {
  const sample: PlistValue = {
    name: 'Yosemite',
    n: 12,
    big: 2 ** 40,
    neg: -3,
    on: true,
    list: ['é', 1.25],
    raw: Uint8Array.of(9, 8),
  };
  const binary = buildBinary(sample as never);

  it('reads what the library writes', () => {
    expect(parse(binary)).toEqual(sample);
  });

  it('reads it from the middle of a larger buffer', () => {
    const larger = Buffer.concat([Buffer.alloc(13, 0xaa), binary, Buffer.alloc(5, 0xbb)]);
    expect(parse(larger.subarray(13, 13 + binary.length))).toEqual(sample);
  });

  /** A binary list from object bodies; references and offsets are one byte each. */
  const make = (objects: number[][]) => {
    const head = [...bytes('bplist00')];
    const offsets: number[] = [];
    for (const object of objects) {
      offsets.push(head.length);
      head.push(...object);
    }
    const tail = new Uint8Array(32);
    tail[6] = 1;
    tail[7] = 1;
    tail[15] = objects.length;
    tail[31] = head.length;
    return Uint8Array.from([...head, ...offsets, ...tail]);
  };

  it('refuses an array that contains itself', () => {
    expect(() => parse(make([[0xa1, 0]]))).toThrow(/cycle/);
    expect(() =>
      parse(
        make([
          [0xa1, 1],
          [0xa1, 0],
        ]),
      ),
    ).toThrow(/cycle/);
  });

  it('refuses a small file that stands for a huge tree', () => {
    const wide = Array.from({ length: 9 }, (_, i) => [0xa9, ...Array.from({ length: 9 }, () => i + 1)]);
    expect(() => parse(make([...wide, [0x09]]))).toThrow(/values/);
  });

  it('reads an object once, however many refer to it', () => {
    // A thousand times a text of 60,000 letters, one of whose copies takes a second.
    const length = [0x5f, 0x11, 60_000 >> 8, 60_000 & 0xff];
    const text = [...length, ...Array<number>(60_000).fill(0x41)];
    const refs = [0xaf, 0x11, 1000 >> 8, 1000 & 0xff, ...Array<number>(1000).fill(1)];
    const bytes = Buffer.from([
      ...Buffer.from('bplist00'),
      ...refs,
      ...text,
      0,
      8,
      ...[(8 + refs.length) >> 8, (8 + refs.length) & 0xff],
    ]);
    const tail = Buffer.alloc(32);
    tail[6] = 2;
    tail[7] = 1;
    tail[15] = 2;
    tail.writeUInt32BE(bytes.length - 4, 28);
    const list = asArray(parse(Buffer.concat([bytes, tail])))!;
    expect([list.length, list[999] === list[0], (list[0] as string).length]).toEqual([1000, true, 60_000]);
  });

  it('refuses dictionaries with keys that are no strings, or __proto__', () => {
    expect(() => parse(make([[0xd1, 1, 1], [0x09]]))).toThrow(/string as key/);
    expect(() => parse(make([[0xd1, 1, 2], [0x59, ...bytes('__proto__')], [0xd0]]))).toThrow(/__proto__/);
  });

  it('cut short or with any byte changed: a FormatError or a value', () => {
    for (let cut = 0; cut < binary.length; cut++) expect(() => parse(binary.subarray(0, cut))).toThrow(FormatError);
    for (let at = 0; at < binary.length; at++) {
      for (const value of [0, 1, 0x0f, 0x4f, 0x7f, 0xaf, 0xdf, 0xff]) {
        const changed = Uint8Array.from(binary);
        changed[at] = value;
        orFormatError(() => parse(changed));
      }
    }
  });
});

function orFormatError(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

describe('parsePlist: anything', () => {
  it('gives a value or a FormatError', () => {
    const xml = buildPlist({ a: ['b', 1, true], c: Uint8Array.of(1, 2, 3), d: { e: 2.5 } });
    fc.assert(
      fc.property(fc.nat(xml.length - 1), fc.string({ maxLength: 4 }), fc.nat(5), (at, insert, remove) => {
        orFormatError(() => parse(bytes(xml.slice(0, at) + insert + xml.slice(at + remove))));
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (data) => orFormatError(() => parse(data))));
  });
});

describe('buildPlist', () => {
  it('refuses what XML cannot hold, by a FormatError', () => {
    expect(() => buildPlist({ a: '\u0001' })).toThrow(FormatError);
  });

  it('writes empty strings so that Chameleon reads them, with tabs', () => {
    expect(buildPlist({ 'Kernel Flags': '', Timeout: '5', on: true, none: {} })).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
\t<dict>
\t\t<key>Kernel Flags</key>
\t\t<string></string>
\t\t<key>Timeout</key>
\t\t<string>5</string>
\t\t<key>on</key>
\t\t<true/>
\t\t<key>none</key>
\t\t<dict/>
\t</dict>
</plist>
`,
    );
  });

  it('is read back equal', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '<', '&', '"', '/', '>', 'é', '😀', "'", '\n') });
    const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.uint8Array());
    const { value } = fc.letrec<{ value: PlistValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (v) => {
        expect(parse(bytes(buildPlist(v)))).toEqual(v);
      }),
    );
  });
});

describe('getters', () => {
  const value: PlistValue = { a: [{ b: 'c' }], d: Uint8Array.of(1) };
  it('follow keys and indexes and never invent', () => {
    expect(plistString(value, 'a', 0, 'b')).toBe('c');
    expect(plistString(value, 'a', 1, 'b')).toBeUndefined();
    expect(plistString(value, 'd')).toBeUndefined();
    expect(plistData(value, 'd')).toEqual(Uint8Array.of(1));
    expect(plistGet(value, 'toString')).toBeUndefined();
    expect(asDict([])).toBeUndefined();
    expect(asDict(new Date())).toBeUndefined();
    expect(asDict(null)).toBeUndefined();
    expect(asDict(value)).toBe(value);
  });
});
