import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkConfig,
  fixConfig,
  type JudgeOptions,
  OPENCORE_RELEASES,
  opencoreConfig,
} from '../../../src/plist/opencore/index.js';
import {
  asArray,
  asDict,
  buildPlist,
  type PlistDict,
  type PlistValue,
  parsePlist,
  plistGet,
} from '../../../src/plist/plist.js';
import { times } from '../../helpers/long.js';
import { kext, LILU, VIRTUAL_SMC } from './kexts.js';

const TEMPLATE = asDict(
  parsePlist(readFileSync(new URL('../../../templates/opencore/default.plist', import.meta.url)), 'default'),
)!;
const made = (release = '10.10', set: readonly string[] = [], kexts = [] as (typeof LILU)[]) =>
  opencoreConfig({ release, template: TEMPLATE, set, kexts }).xml;
const XML = made();
const check = (text: string | Uint8Array, options: JudgeOptions = {}) =>
  checkConfig(Buffer.from(text), 'config.plist', options);
const fix = (text: string | Uint8Array, options: JudgeOptions = {}) =>
  fixConfig(Buffer.from(text), 'config.plist', options);
/** "!" for errors, the code, and the key. */
const said = (text: string | Uint8Array, options: JudgeOptions = {}) =>
  check(text, options).findings.map(({ severity, code, key }) =>
    `${severity === 'error' ? '!' : ''}${code} ${key ?? ''}`.trim(),
  );
/** The line of a file, from 1. */
const line = (text: string, number: number) => text.split('\n')[number - 1]!.trim();

/** Replaces the value of a key that comes once. */
function put(xml: string, key: string, value: string): string {
  const pattern = new RegExp(`(<key>${key}</key>\\s*)(<[a-z]+/>|<([a-z]+)>[^<]*</\\3>)`, 'g');
  expect(xml.match(pattern)).toHaveLength(1);
  return xml.replace(pattern, (_, before: string) => before + value);
}

describe('what is made', () => {
  it('has no findings, whatever it is made of', () => {
    const kexts = [
      LILU,
      VIRTUAL_SMC,
      kext('Sound', { needs: ['as.vit9696.Lilu'] }),
      kext('Ports', { identifier: 'x.y', code: false }),
    ];
    const sets = [
      'Misc/Boot/Timeout=0',
      'Misc/Boot/PickerMode=External',
      'Misc/Security/ScanPolicy=0x10002',
      'Kernel/Quirks/XhciPortLimit=yes',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(OPENCORE_RELEASES)),
        fc.shuffledSubarray(sets),
        fc.shuffledSubarray(kexts),
        fc.constantFrom(undefined, '1.0.4', '1.0.5', '1.0.7'),
        (release, set, some, version) => {
          const given = some.length > 0 && !some.includes(LILU) ? [LILU, ...some] : some;
          expect(said(made(release, set, given), version === undefined ? {} : { version })).toEqual([]);
        },
      ),
      { numRuns: times(100) },
    );
  });

  it('for an older OpenCore has keys that it does not know, and lacks what later ones want', () => {
    expect(said(XML, { version: '1.0.3' })).toEqual(['key-newer Booter/Quirks/ClearTaskSwitchBit']);
    expect(said(XML, { version: '1.0.8' })).toEqual([0, 1, 2].map((i) => `missing-key UEFI/Drivers/${i}/HideVerbose`));
  });
});

/** Every leaf of a configuration with its path. */
function* leaves(
  value: PlistValue,
  path: readonly (string | number)[] = [],
): Generator<[readonly (string | number)[], PlistValue]> {
  const inside = asArray(value)?.entries() ?? Object.entries(asDict(value) ?? {});
  let some = false;
  for (const [step, inner] of inside) {
    some = true;
    yield* leaves(inner, [...path, step]);
  }
  if (!some) yield [path, value];
}

/** A copy with what stands at a path replaced; undefined takes the key away. */
function changed(
  value: PlistValue,
  path: readonly (string | number)[],
  to: PlistValue | undefined,
  name?: string,
): PlistValue {
  const [step, ...rest] = path;
  if (typeof step === 'number')
    return asArray(value)!.map((entry, i) => (i === step ? changed(entry, rest, to, name) : entry));
  return Object.fromEntries(
    Object.entries(asDict(value)!).flatMap(([key, inner]): [string, PlistValue][] => {
      if (key !== step) return [[key, inner]];
      if (rest.length > 0) return [[key, changed(inner, rest, to, name)]];
      return to === undefined ? [] : [[name ?? key, to]];
    }),
  );
}

describe('one mutation', () => {
  const PLIST = opencoreConfig({ release: '10.9', template: TEMPLATE }).plist;
  // Of an NVRAM variable every value is one.
  const LEAVES = [...leaves(PLIST)].filter(([path]) => path[0] !== 'NVRAM' || path.length === 2);
  const wrong: PlistValue = { strange: [1] };

  it('of any key is found, at its key', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LEAVES),
        fc.constantFrom('type', 'gone', 'misspelt', 'unknown'),
        ([path, value], how) => {
          const key = String(path.at(-1));
          const name = how === 'misspelt' ? `${key}x` : how === 'unknown' ? 'Quatsch123456789' : undefined;
          const other = asDict(value) ? 'text' : wrong;
          const to = how === 'gone' ? undefined : how === 'type' ? other : value;
          const text = buildPlist(changed(PLIST, path, to, name));
          const found = check(text).findings;
          const written = how === 'gone' ? key : (name ?? key);
          const shown = [...path.slice(0, -1), written].join('/');
          expect(found.map((finding) => finding.key)).toContain(shown);
          const finding = found.find((one) => one.key === shown)!;
          if (how !== 'gone') expect(line(text, finding.line)).toBe(`<key>${written}</key>`);
        },
      ),
      { numRuns: times(400) },
    );
  });

  it('is mended where it is known what is meant, and all else stays', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LEAVES), fc.constantFrom('gone', 'misspelt'), ([path, value], how) => {
        const key = String(path.at(-1));
        const text = buildPlist(changed(PLIST, path, how === 'gone' ? undefined : value, `${key}x`));
        const { text: mended, changes, report } = fix(text);
        const after = parsePlist(Buffer.from(mended), 'mended');
        const rest = (plist: PlistValue) => changed(plist, path, undefined);
        expect(rest(after)).toEqual(rest(PLIST));
        expect(plistGet(after, ...path)).toBeDefined();
        if (how === 'misspelt' && key.length > 4) expect(after).toEqual(PLIST);
        expect(report.findings.filter(({ fix: does }) => does !== undefined)).toEqual([]);
        expect(changes.length).toBeGreaterThan(0);
      }),
      { numRuns: times(200) },
    );
  });

  it('of the text never throws, and what --fix writes it mends no further', () => {
    fc.assert(
      fc.property(
        fc.nat(XML.length - 1),
        fc.nat(40),
        fc.constantFrom('', '<', '&', '</dict>', '<!-- x -->', 'é', '<key>a</key>'),
        (at, length, by) => {
          const text = XML.slice(0, at) + by + XML.slice(at + length);
          const { ok } = check(text);
          if (ok) return;
          let fixed: string;
          try {
            fixed = fix(text).text;
          } catch {
            return;
          }
          expect(fix(fixed).changes).toEqual([]);
        },
      ),
      { numRuns: times(150) },
    );
  });
});

describe('text that OpenCore reads otherwise', () => {
  const timeout = (value: string) => put(XML, 'Timeout', value);
  it.each<[string, string, readonly string[]]>([
    ['a comment between keys', XML.replace('<key>ACPI</key>', '<!-- mine -->\n<key>ACPI</key>'), []],
    [
      'a key that is a comment',
      XML.replace('<key>ACPI</key>', '<key>#ACPI</key><string>mine</string>\n<key>ACPI</key>'),
      [],
    ],
    [
      'a comment in a text',
      put(XML, 'PickerMode', '<string>Built<!-- x -->in</string>'),
      ['!markup-in-text Misc/Boot/PickerMode'],
    ],
    ['CDATA', put(XML, 'PickerMode', '<string><![CDATA[Builtin]]></string>'), ['!markup-in-text Misc/Boot/PickerMode']],
    [
      'an entity',
      put(XML, 'boot-args', '<string>-v a&amp;b</string>'),
      ['!entity NVRAM/Add/7C436110-AB2A-4BBB-A880-FE41995C9F82/boot-args'],
    ],
    [
      'an entity in a comment',
      XML.replace(
        '<key>Comment</key>\n\t\t\t\t\t<string></string>',
        '<key>Comment</key>\n\t\t\t\t\t<string>a &amp; b</string>',
      ),
      ['entity UEFI/Drivers/0/Comment'],
    ],
    [
      'an entity in arguments',
      XML.replace(
        '<key>Arguments</key>\n\t\t\t\t\t<string></string>',
        '<key>Arguments</key>\n\t\t\t\t\t<string>a &amp; b</string>',
      ),
      [],
    ],
    [
      'blanks',
      put(XML, 'PickerMode', '<string> Builtin\n</string>'),
      ['blanks Misc/Boot/PickerMode', '!value Misc/Boot/PickerMode'],
    ],
    ['a real', timeout('<real>3</real>'), ['!type Misc/Boot/Timeout']],
    ['a number as text', timeout('<string>3</string>'), ['!type Misc/Boot/Timeout']],
    ['a number too large', timeout('<integer>4294967296</integer>'), ['!value Misc/Boot/Timeout']],
    ['a yes as text', put(XML, 'ShowPicker', '<string>YES</string>'), ['!type Misc/Boot/ShowPicker']],
    ['another word', put(XML, 'PickerMode', '<string>Buildin</string>'), ['!value Misc/Boot/PickerMode']],
    ['another case', put(XML, 'PickerMode', '<string>builtin</string>'), ['!value Misc/Boot/PickerMode']],
    ['unknown bits', put(XML, 'Target', '<integer>256</integer>'), ['value Misc/Debug/Target']],
    [
      'a key twice',
      XML.replace('<key>Timeout</key>', '<key>Timeout</key>\n<integer>9</integer>\n<key>Timeout</key>'),
      ['!duplicate Timeout'],
    ],
    [
      'a key that is gone',
      XML.replace('<key>ApECID</key>', '<key>AllowNvramReset</key>\n<true/>\n<key>ApECID</key>'),
      ['key-gone Misc/Security/AllowNvramReset'],
    ],
    [
      'a driver of old',
      XML.replace(
        /<dict>\s*<key>Arguments[\s\S]*?OpenRuntime\.efi<\/string>\s*<\/dict>/,
        '<string>OpenRuntime.efi</string>',
      ),
      ['!driver-needed UEFI/Drivers', '!type UEFI/Drivers/0'],
    ],
    [
      'a GUID that is none',
      XML.replace('<key>7C436110-AB2A', '<key>7C436110-AB2'),
      ['!value NVRAM/Add/7C436110-AB2-4BBB-A880-FE41995C9F82'],
    ],
    ['another encoding declared', XML.replace('UTF-8', 'utf-8'), []],
    ['something behind the end', `${XML}<x/>`, ['behind-the-end']],
  ])('%s', (_, text, findings) => {
    expect(said(text)).toEqual(findings);
    const after = fix(text);
    const left = after.report.findings.filter(({ severity }) => severity === 'error');
    // A text with & in it cannot be written for OpenCore, and what GUID or number was meant nobody knows.
    expect(left.map(({ code }) => code)).toEqual(
      /entity NVRAM|NVRAM\/Add\/7C436110-AB2-|^!value Misc\/Boot\/Timeout/.test(findings[0] ?? '')
        ? [findings[0]!.slice(1).split(' ')[0]]
        : [],
    );
    if (findings.length === 0) expect([after.text, after.changes]).toEqual([text, []]);
  });

  it('--fix names the keys and values that it leaves out, and why', () => {
    const twice = XML.replace('<key>Timeout</key>', '<key>Timeout</key>\n<integer>9</integer>\n<key>Timeout</key>');
    const gone = twice.replace('<key>ApECID</key>', '<key>AllowNvramReset</key>\n<true/>\n<key>ApECID</key>');
    expect(fix(gone).changes).toEqual([
      '"Timeout" = "9" is left out: it is there more than once, the last one is kept',
      expect.stringMatching(/^Misc\/Security\/AllowNvramReset is left out: OpenCore knew it up to /),
    ]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['JSON', '{"Misc": {}}', /JSON, no property list/],
    ['nothing', '', /no property list/],
    ['words', 'hello', /no property list/],
    ['cut off', XML.slice(0, 2000), /broken XML: expected an end of/],
    ['no dict', '<plist><array/></plist>', /no <dict>/],
    ['two values', '<plist><dict/><dict/></plist>', /broken XML/],
    [
      'too deep',
      `<plist>${'<dict><key>a</key>'.repeat(40)}<true/>${'</dict>'.repeat(40)}</plist>`,
      /more than 32 levels/,
    ],
    ['a broken binary list', Buffer.from(`bplist00${'x'.repeat(60)}`), /no property list/],
  ])('%s: one sentence, and nothing to correct', (_, text, why) => {
    const [first] = check(text).findings;
    expect(first).toMatchObject({ severity: 'error', message: expect.stringMatching(why) });
    expect(first!.message).toMatch(/does not start with a configuration it cannot read/);
    expect(() => fix(text)).toThrow(/cannot be corrected by itself/);
  });

  it('a byte order mark and UTF-16 are taken away', () => {
    const marked = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(XML)]);
    const wide = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(XML, 'utf16le')]);
    expect([said(marked), said(wide)]).toEqual([['!byte-order-mark'], ['!not-xml-text']]);
    expect([fix(marked).text, fix(wide).text]).toEqual([XML, XML]);
  });

  it('a whole section that is missing is put in, as OpenCore would have it, and then mended', () => {
    const text = XML.replace(/\t\t<key>Misc<\/key>\n\t\t<dict>[\s\S]*?\n\t\t<\/dict>\n/, '');
    expect(said(text)).toContain('missing-key Misc');
    const { report } = fix(text);
    expect(report.findings.filter(({ fix: does }) => does !== undefined)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(fix('<plist><dict/></plist>').report.findings.map(({ code }) => code)).toEqual([
      'driver-needed',
      'driver-needed',
      'driver-needed',
    ]);
  });
});

describe('what keeps it from starting our disks', () => {
  const APPLE = { name: 'a.iso', map: 'apm', stumbles: [] } as const;
  const GUID = { ...APPLE, map: 'gpt' } as const;
  const policy = (value: string) => put(XML, 'ScanPolicy', `<integer>${value}</integer>`);
  const off = (driver: string) =>
    XML.replace(
      new RegExp(`<true/>(\\s*<key>LoadEarly</key>\\s*<false/>\\s*<key>Path</key>\\s*<string>${driver})`),
      '<false/>$1',
    );
  it.each<[string, string, JudgeOptions, readonly string[]]>([
    ['ScanPolicy with bit 0', policy('66051'), {}, ['scan-policy Misc/Security/ScanPolicy']],
    ['… and an Apple map', policy('66051'), { medium: APPLE }, ['!scan-policy Misc/Security/ScanPolicy']],
    ['… and a GUID map', policy('66051'), { medium: GUID }, []],
    ['ScanPolicy without it', policy('65538'), { medium: APPLE }, []],
    [
      'SecureBootModel Default',
      put(XML, 'SecureBootModel', '<string>Default</string>'),
      {},
      ['!secure-boot-model Misc/Security/SecureBootModel'],
    ],
    [
      'a board',
      put(XML, 'SecureBootModel', '<string>j137</string>'),
      {},
      ['secure-boot-model Misc/Security/SecureBootModel'],
    ],
    ['DmgLoading Any', put(XML, 'DmgLoading', '<string>Any</string>'), {}, []],
    ['Vault Secure', put(XML, 'Vault', '<string>Secure</string>'), {}, ['vault Misc/Security/Vault']],
    ['no driver for partitions', off('OpenPartitionDxe'), {}, ['driver-needed UEFI/Drivers']],
    ['… and an Apple map', off('OpenPartitionDxe'), { medium: APPLE }, ['!driver-needed UEFI/Drivers']],
    ['… and a GUID map', off('OpenPartitionDxe'), { medium: GUID }, []],
    ['no driver for HFS+', off('OpenHfsPlus'), {}, ['!driver-needed UEFI/Drivers']],
    ['no OpenRuntime', off('OpenRuntime'), {}, ['!driver-needed UEFI/Drivers']],
    ["Apple's driver", XML.replace('OpenHfsPlus.efi', 'HfsPlus.efi'), {}, ['driver-needed UEFI/Drivers/1']],
    ['ConnectDrivers off', put(XML, 'ConnectDrivers', '<false/>'), {}, ['!connect-drivers UEFI/ConnectDrivers']],
    [
      'a driver twice',
      XML.replace('OpenPartitionDxe.efi', 'OpenHfsPlus.efi'),
      {},
      ['driver-needed UEFI/Drivers', '!driver-order UEFI/Drivers/2'],
    ],
    [
      'LoadEarly',
      XML.replace(/(OpenRuntime[\s\S]*?<key>LoadEarly<\/key>\s*)<false\/>/, '$1<true/>'),
      {},
      ['!driver-order UEFI/Drivers/1/LoadEarly'],
    ],
    [
      'a renderer that ignores',
      put(XML, 'SanitiseClearScreen', '<true/>'),
      {},
      ['quirk-without-effect UEFI/Output/SanitiseClearScreen'],
    ],
    [
      'a quirk alone',
      put(put(XML, 'ProvideCustomSlide', '<false/>'), 'EnableSafeModeSlide', '<true/>'),
      {},
      ['quirk-without-effect Booter/Quirks/EnableSafeModeSlide'],
    ],
    ['APFS of 2021', put(XML, 'MinDate', '<integer>0</integer>'), {}, ['apfs-minimum UEFI/APFS/MinDate']],
    [
      'an example',
      XML.replace(
        '<key>Add</key>\n\t\t\t<array/>',
        '<key>Add</key>\n\t\t\t<array>\n<dict><key>Comment</key><string>My custom SSDT</string><key>Enabled</key><true/><key>Path</key><string>SSDT-1.aml</string></dict></array>',
      ),
      {},
      ['!example-entry ACPI/Add/0'],
    ],
    [
      'a disk it does not see',
      XML,
      { medium: { ...APPLE, blind: 'partition 2 ends past the end' } },
      ['!medium UEFI/Drivers'],
    ],
    [
      'boot.efi in nine extents',
      XML,
      { medium: { ...APPLE, stumbles: ['boot.efi is in 9 extents'] } },
      ['!medium UEFI/Drivers'],
    ],
    [
      "… read by Apple's driver",
      XML.replace('OpenHfsPlus.efi', 'HfsPlus.efi'),
      { medium: { ...APPLE, stumbles: ['boot.efi is in 9 extents'] } },
      ['driver-needed UEFI/Drivers/1'],
    ],
  ])('%s', (_, text, options, findings) => {
    expect(said(text, options)).toEqual(findings);
    const after = fix(text, options);
    expect(after.report.findings.filter(({ fix: does }) => does !== undefined)).toEqual([]);
    if (!findings.some((finding) => /medium/.test(finding))) expect(after.report.ok).toBe(true);
  });

  it('says line and column, and the reason', () => {
    const text = put(XML, 'SecureBootModel', '<string>Default</string>');
    const [finding] = check(text).findings;
    expect(line(text, finding!.line)).toBe('<key>SecureBootModel</key>');
    expect([finding!.column, finding!.fix]).toEqual([5, 'Misc/Security/SecureBootModel is Disabled']);
    expect(finding!.message).toMatch(/no picker appears/);
  });
});

describe('the folder it lies in', () => {
  const DRIVERS = ['OpenRuntime', 'OpenHfsPlus', 'OpenPartitionDxe'].map((name) => `OC/Drivers/${name}.efi`);
  const FILES = ['BOOT/BOOTx64.efi', 'BOOT/.contentVisibility', 'OC/OpenCore.efi', ...DRIVERS];
  const folder = (files: readonly string[] = FILES, kexts: readonly (typeof LILU)[] = []): JudgeOptions => ({
    folder: {
      files: [...files, ...kexts.flatMap(({ name, files: own }) => own.map((file) => `OC/Kexts/${name}/${file}`))],
      infos: new Map(
        kexts.flatMap(({ name, infos }) =>
          [...infos].map(([path, bytes]) => [`OC/Kexts/${name}/${path}`, bytes] as const),
        ),
      ),
    },
  });
  const without = (name: string) => FILES.filter((file) => file !== name);
  const KEXTS = [LILU, VIRTUAL_SMC];
  const WITH = made('10.13', [], KEXTS);

  it('has everything', () => {
    expect(said(XML, folder())).toEqual([]);
    expect(said(XML, folder(FILES.map((file) => file.toUpperCase())))).toEqual([]);
    expect(said(WITH, folder(FILES, KEXTS))).toEqual([]);
  });

  it.each<[string, string, JudgeOptions, readonly string[]]>([
    [
      'a driver that is not there',
      XML,
      folder(without('OC/Drivers/OpenHfsPlus.efi')),
      ['!driver-missing UEFI/Drivers/1'],
    ],
    ['one that is not listed', XML, folder([...FILES, 'OC/Drivers/ExFatDxe.efi']), ['driver-not-listed UEFI/Drivers']],
    [
      'no .contentVisibility',
      XML,
      folder(without('BOOT/.contentVisibility')),
      ['content-visibility Misc/Security/ScanPolicy'],
    ],
    ['no vault', put(XML, 'Vault', '<string>Basic</string>'), folder(), ['!vault Misc/Security/Vault']],
    ['a vault', put(XML, 'Vault', '<string>Basic</string>'), folder([...FILES, 'OC/vault.plist']), []],
    ['kexts that are not there', WITH, folder(), ['!kext-missing Kernel/Add/0', '!kext-missing Kernel/Add/1']],
    ['one that is not listed', XML, folder(FILES, [LILU]), ['kext-not-listed Kernel/Add']],
    [
      'a kext without its executable',
      WITH,
      folder(FILES, [{ ...LILU, files: ['Contents/Info.plist'] }, VIRTUAL_SMC]),
      ['!kext-executable Kernel/Add/0/ExecutablePath'],
    ],
    [
      'an executable that is not named',
      WITH.replace('Contents/MacOS/Lilu', ''),
      folder(FILES, KEXTS),
      ['!kext-executable Kernel/Add/0'],
    ],
    [
      'an example with its file',
      XML.replace(
        '<key>Add</key>\n\t\t\t<array/>',
        '<key>Add</key>\n\t\t\t<array>\n<dict><key>Comment</key><string></string><key>Enabled</key><true/><key>Path</key><string>SSDT-1.aml</string></dict></array>',
      ),
      folder([...FILES, 'OC/ACPI/SSDT-1.aml']),
      [],
    ],
  ])('%s', (_, text, options, findings) => {
    expect(said(text, options)).toEqual(findings);
    expect(fix(text, options).report.findings.filter(({ fix: does }) => does !== undefined)).toEqual([]);
  });

  it('kexts in the wrong order are put right, entry by entry', () => {
    const some = [LILU, VIRTUAL_SMC, kext('Sound', { needs: ['as.vit9696.Lilu'] })];
    const { plist, xml } = opencoreConfig({ release: '10.13', template: TEMPLATE, kexts: some });
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
        const entries = plistGet(plist, 'Kernel', 'Add') as PlistDict[];
        const text = buildPlist(
          changed(
            plist,
            ['Kernel', 'Add'],
            order.map((i) => entries[i]!),
          ),
        );
        const options = folder(FILES, some);
        const wrong = order[0] !== 0;
        expect(said(text, options).some((finding) => finding.startsWith('!kext-order'))).toBe(wrong);
        const after = fix(text, options);
        expect(after.report.findings).toEqual([]);
        expect(after.text === xml || order.indexOf(2) < order.indexOf(1)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('Lilu without its quirk, and a kext without Lilu', () => {
    expect(said(put(WITH, 'DisableLinkeditJettison', '<false/>'))).toEqual([
      '!kext-quirk Kernel/Quirks/DisableLinkeditJettison',
    ]);
    const alone = WITH.replace(/(<key>BundlePath<\/key>\s*<string>Lilu\.kext[\s\S]*?)<true\/>/, '$1<false/>');
    expect(said(alone)).toEqual(['!kext-order Kernel/Add/1']);
  });
});
