import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../../../src/errors.js';
import { BOOT_PLIST_NAME } from '../../../src/plist/chameleon/boot-plist.js';
import { checkBootPlist } from '../../../src/plist/chameleon/check.js';
import { fixBootPlist } from '../../../src/plist/chameleon/fix.js';
import { chameleonReads } from '../../helpers/chameleon-reader.js';
import { times } from '../../helpers/long.js';
import { BROKEN, plist, T } from './broken.js';

const PATH = `/Extra/${BOOT_PLIST_NAME}`;
const BUFFER = 40_960;
const bytesOf = (file: string | Uint8Array) => (typeof file === 'string' ? Buffer.from(file, 'utf8') : file);

/** What the model of the loader sees, in the form of a report; undefined where the file is cut off by the buffer. */
function modelSees(file: Uint8Array): Record<string, string> {
  const { keys } = chameleonReads(PATH, file, Number.POSITIVE_INFINITY);
  const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');
  return Object.fromEntries(
    [...keys].flatMap(([key, read]) => {
      if (read.type === 'string') return [[utf8(key), utf8(read.value)]];
      return read.type === 'boolean' && read.value ? [[utf8(key), 'Yes']] : [];
    }),
  );
}

describe.each(BROKEN)('$what', ({ file, name, findings, sees, fixed }) => {
  const bytes = bytesOf(file);
  const report = checkBootPlist(bytes, 'a.plist', { ...(name !== undefined && { fileName: name }) });

  it('has these findings, where they are', () => {
    expect(report.findings.map((f) => `${f.severity === 'error' ? '!' : ''}${f.line}:${f.column} ${f.code}`)).toEqual(
      findings,
    );
    expect(report.ok).toBe(!findings.some((finding) => finding.startsWith('!')));
    for (const { message } of report.findings) expect(message).toMatch(/\.$/);
  });

  it('is seen as the loader sees it', () => {
    expect(report.sees).toEqual(sees);
    if (bytes.length < BUFFER) expect(modelSees(bytes)).toEqual(sees);
  });

  it(fixed ? 'is corrected' : 'cannot be corrected, and says why', () => {
    if (!fixed) {
      expect(() => fixBootPlist(bytes, 'a.plist')).toThrow(UsageError);
      return;
    }
    const { text } = fixBootPlist(bytes, 'a.plist');
    expect(modelSees(Buffer.from(text))).toEqual(fixed);
    const { ok, findings: left } = checkBootPlist(Buffer.from(text), 'fixed');
    expect(ok).toBe(true);
    expect(left.map(({ code }) => code).filter((code) => code !== 'unknown-key' && code !== 'leave-off')).toEqual([]);
  });
});

it('--fix names all that it leaves out, and why', () => {
  const text = `<plist><dict>
    <key>Lost</key><key>Timeout</key><string>3</string>
    <string>stray</string>
    <key>Nested</key><dict><key>Inner</key><string>x</string></dict>
    <key>Timeout</key><string>7</string>
    <key>Last</key>
  </dict></plist>`;
  const { changes, settings } = fixBootPlist(Buffer.from(text), 'a.plist');
  expect(settings).toEqual({ Timeout: '7' });
  expect(changes).toEqual([
    '"Lost" is left out: there is no value behind it',
    '<string>stray is left out: there is no key before it',
    '"Last" is left out: there is no value behind it',
    '"Nested" is left out: the loader reads no <dict>',
    '"Timeout" = "3" is left out: it is there more than once, the last one is kept',
  ]);
});

describe('checkBootPlist', () => {
  const part = fc.constantFrom(
    ...[
      '<key>',
      '</key>',
      '<string>',
      '</string>',
      '<dict><key>x</key><string>y</string></dict>',
      '</dict>',
      '<true/>',
      '<false/>',
      '<string/>',
      '<!-- x -->',
    ],
    ...[
      '<integer>',
      '</integer>',
      '<real>',
      'Timeout',
      '5',
      'GUI',
      'Yes',
      '&amp;',
      ' ',
      '\n',
      '<',
      '>',
      '\0',
      'é',
      '</plist>',
    ],
    ...[T, '<key>GUI</key>', '<string>No</string>', '<![CDATA[5]]>', '<plist version="1.0">'],
  );

  it('sees in any file what the model of the loader sees', () => {
    let some = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), fc.boolean(), (parts, whole) => {
        const file = Buffer.from(whole ? plist(parts.join('')) : parts.join(''));
        const { sees, ok, findings } = checkBootPlist(file, 'any');
        expect(sees).toEqual(modelSees(file));
        if (Object.keys(sees).length > 0) some++;
        // Whatever is not as it should be has a reason.
        expect(ok).toBe(!findings.some(({ severity }) => severity === 'error'));
        if (chameleonReads(PATH, file).timeout() === 'for ever') expect(ok).toBe(false);
      }),
      { numRuns: times(3000) },
    );
    expect(some).toBeGreaterThan(times(3000) / 30);
  });

  it('never throws on text, and a file that is corrected is right or refused', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ unit: 'binary' })), { maxLength: 12 }), (parts) => {
        const file = Buffer.from(parts.join(''));
        checkBootPlist(file, 'any');
        try {
          const { text } = fixBootPlist(file, 'any');
          expect(checkBootPlist(Buffer.from(text), 'fixed').ok).toBe(true);
        } catch (error) {
          expect(error instanceof UsageError || error instanceof FormatError).toBe(true);
        }
      }),
      { numRuns: times(1000, 50) },
    );
  });

  it('is done in a moment with large files', () => {
    for (const piece of [
      '<',
      '<!--',
      '<key>',
      '<key>a</key>',
      '<!',
      '<?',
      '&',
      '<dict>',
      '<key>Timeout</key><string>',
    ]) {
      const file = Buffer.from(`<dict>${piece.repeat(Math.floor(200_000 / piece.length))}`);
      expect(checkBootPlist(file, 'large').ok).toBe(false);
    }
  });
});

describe('the key Kernel', () => {
  const codes = (kernel: string, release?: string) =>
    checkBootPlist(Buffer.from(plist(`${T}<key>Kernel</key><string>${kernel}</string>`)), 'a.plist', {
      ...(release !== undefined && { release }),
    }).findings.map(({ severity, code, message }) => `${severity} ${code} ${message}`);

  it.each([
    ['mach_kernel', '10.10', '/System/Library/Kernels/mach_kernel'],
    ['mach_kernel', '10.15.7', '/System/Library/Kernels/mach_kernel'],
    ['/mach_kernel', '10.11', '/mach_kernel'],
    ['/System/Library/Kernels/mach_kernel', '10.12', '/System/Library/Kernels/mach_kernel'],
    ['kernel', '10.9', '/kernel'],
    ['/System/Library/Kernels/kernel', '10.9.5', '/System/Library/Kernels/kernel'],
    ['kernel', '10.6.8', '/kernel'],
  ])('%s on %s is looked for where it is not', (kernel, release, path) => {
    const found = codes(kernel, release);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`error kernel-not-found the loader looks for ${path} and does not find it`);
  });

  it.each([
    ['kernel', '10.10'],
    ['mach_kernel', '10.9'],
    ['/System/Library/Kernels/kernel', '10.10.5'],
    ['/mach_kernel', '10.6'],
    ['/Extra/kernel.debug', '10.10'],
    ['hd(0,2)/mach_kernel', '10.10'],
    ['kernel.development', '10.11'],
  ])('%s on %s may be there', (kernel, release) => {
    expect(codes(kernel, release)).toEqual([]);
  });

  it('without a release is warned of where later loaders would not find it', () => {
    expect(codes('mach_kernel')[0]).toMatch(
      /^warning kernel-not-found from 10\.10 on the loader looks for .*--release/,
    );
    expect(codes('kernel')).toEqual([]);
  });
});

it('reads a megabyte in no time, whatever is in it: a tag without an end, half a comment, many opening brackets', () => {
  for (const part of ['x', '<', '<a', '<!--', '<![CDATA[', '&', '</']) {
    const text = plist(`<key>Timeout</key><strin${part.repeat(1_000_000 / part.length)}`);
    expect(checkBootPlist(Buffer.from(text), 'x').ok).toBe(false);
  }
});
