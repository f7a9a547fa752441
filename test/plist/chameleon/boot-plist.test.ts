import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import { readTemplate, templateNames } from '../../../src/guest-disk/templates.js';
import {
  BOOT_PLIST_NAME,
  buildBootPlist,
  CHAMELEON_KEYS,
  type ChameleonKey,
  checkSetting,
  mergeSettings,
  nearestKey,
  parseSetting,
  type Settings,
} from '../../../src/plist/chameleon/boot-plist.js';
import { checkBootPlist } from '../../../src/plist/chameleon/check.js';
import { chameleonReads } from '../../helpers/chameleon-reader.js';
import { times } from '../../helpers/long.js';

const PATH = `/Extra/${BOOT_PLIST_NAME}`;
const reads = (text: string) => chameleonReads(PATH, Buffer.from(text, 'latin1'));
const WRITABLE = CHAMELEON_KEYS.filter(({ write }) => write === undefined);

/** Values that a key takes, and the odd ones at the edges. */
function samples({ value }: ChameleonKey): string[] {
  switch (value.kind) {
    case 'boolean':
      return ['Yes', 'No'];
    case 'number':
      return [...new Set([String(value.min), String(value.max), '7'].filter((n) => Number(n) <= value.max))];
    case 'mode':
      return ['1280x1024x32', '800x600x16', '2560x1600x24'];
    case 'hex':
      return ['0x0000000C', 'ff'];
    case 'choice':
      return [...value.values];
    case 'path':
      return ['/System/Library/Kernels/kernel', 'hd(0,1)/Extra/a b.img'];
    case 'string':
      return ['', '-v -s "x"=\'y\'', 'a=b;c'];
  }
}

describe('every key', () => {
  it.each(WRITABLE.map((key) => [key.name, key] as const))(
    '%s comes back from the loader as it was set',
    (name, key) => {
      for (const value of samples(key)) {
        const settings: Settings = { Timeout: '3', [name]: value };
        const config = reads(buildBootPlist(settings));
        expect(
          Object.fromEntries([...config.keys].map(([k, read]) => [k, read.type === 'string' && read.value])),
        ).toEqual(settings);
        if (key.value.kind === 'boolean') expect(config.getBool(name)).toBe(value === 'Yes');
        if (key.value.kind === 'number') expect(config.getInt(name)).toBe(Number(value));
        if (key.value.kind === 'mode') {
          expect(Object.values(config.getMode(name)).join('x')).toBe(value);
        }
      }
    },
  );

  it('is there once, and none is another in other letters', () => {
    const bare = CHAMELEON_KEYS.map(({ name }) => name.toLowerCase());
    expect(new Set(bare).size).toBe(bare.length);
    expect(CHAMELEON_KEYS.length).toBeGreaterThan(110);
  });

  it('may be set all at once, up to the size of old buffers', () => {
    const all = Object.fromEntries(WRITABLE.map((key) => [key.name, samples(key)[0]!]));
    expect(() => buildBootPlist(all)).toThrow(/would have \d+ bytes; old loaders read less than 4096/);
    const some = Object.fromEntries(Object.entries(all).slice(0, 50));
    expect(reads(buildBootPlist(some)).keys.size).toBe(50);
  });
});

describe('no set of options', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...'<>&;/!-[]"\' \t\n\0ayYNx0159é\ud800'), maxLength: 20 }),
    fc.constantFrom('Yes', '5', '1280x1024x32', '</string>', '<!-- -->', '&amp;', ']]>', '__proto__', 'constructor'),
  );
  const name = fc.oneof(fc.constantFrom(...CHAMELEON_KEYS.map((key) => key.name)), text);

  it('makes a file that the loader understands differently: it is right or refused', () => {
    let written = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text), { maxLength: 8 }), fc.boolean(), (pairs, allowUnknown) => {
        const settings = Object.fromEntries([['Timeout', '5'], ...pairs]);
        let file: string;
        try {
          file = buildBootPlist(settings, { allowUnknown });
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          return;
        }
        written++;
        const { keys } = reads(file);
        expect([...keys].map(([key, read]) => [key, read.type === 'string' ? read.value : read])).toEqual(
          Object.entries(settings),
        );
        expect(
          checkBootPlist(Buffer.from(file), 'made').findings.filter(
            ({ severity, code }) => severity === 'error' && code !== 'key-not-read' && code !== 'unknown-key',
          ),
        ).toEqual([]);
        expect(file).toMatch(/^[\t\n\x20-\x7e]*$/);
      }),
      { numRuns: times(2000) },
    );
    expect(written).toBeGreaterThan(times(50));
  });
});

describe('settings', () => {
  it.each([
    ['Graphics Mode=1920x1080', /without a depth.*1920x1080x32/],
    ['Graphics Mode=big', /WIDTHxHEIGHTxDEPTH/],
    ['Graphics Mode="1920,1080"', /without a depth.*1920x1080x32/],
    ['Graphics Mode=1920x1080x12', /depth of 8, 15/],
    ['Timeout=0', /waits for ever/],
    ['Timeout=-1', /starts at once/],
    ['Timeout=0x5', /decimal number/],
    ['Timeout=5.5', /decimal number/],
    ['CsrActiveConfig=256', /from 0 to 255/],
    ['GUI=maybe', /Yes or No/],
    ['Kernel Flags=a&b', /does not decode entities/],
    ['Kernel Flags=<b>', /no way to write "<"/],
    ['Kernel Flags= -v', /keeps blanks/],
    ['Kernel Flags=é', /ASCII only/],
    ['Kernel Flags=a\nb', /control characters/],
    ['Kernel=', /expected a path/],
    ['graphics mode=1x1x32', /nearest is "Graphics Mode"/],
    [' Timeout=5', /nearest is "Timeout"/],
    ['GraphicsMode=1x1x32', /nearest is "Graphics Mode"/],
    ['PciRoot=1', /write "PCIRootUID"/],
    ['pciroot=1', /nearest is "PCIRootUID"/],
    ['Quick=1', /knows no key "Quick"/],
    ['arch=ppc', /i386 or x86_64/],
    ['Timeout', /expected KEY=VALUE/],
    ['=5', /needs a key/],
  ])('%s is refused', (setting, why) => {
    expect(() => parseSetting(setting)).toThrow(why);
    expect(() => parseSetting(setting)).toThrow(UsageError);
  });

  it('are written in the spelling of the loader', () => {
    expect(parseSetting('GUI=true')).toEqual(['GUI', 'Yes']);
    expect(parseSetting('GUI=n')).toEqual(['GUI', 'No']);
    expect(parseSetting('Graphics Mode=1280X1024X32')).toEqual(['Graphics Mode', '1280x1024x32']);
    expect(parseSetting('Kernel Flags=a=b')).toEqual(['Kernel Flags', 'a=b']);
  });

  it('of unknown keys are written when that is wanted, if the loader can read them', () => {
    expect(parseSetting('Quick=1', { allowUnknown: true })).toEqual(['Quick', '1']);
    expect(() => checkSetting('a<b', 'x', { allowUnknown: true })).toThrow(/no way to write/);
  });

  it('merge as data', () => {
    const merged = mergeSettings({ Timeout: '5', GUI: 'No' }, { Timeout: '2', Wait: 'Yes' }, ['GUI']);
    expect(merged).toEqual({ Timeout: '2', Wait: 'Yes' });
  });

  it('without Timeout are refused', () => {
    expect(() => buildBootPlist({ GUI: 'No' })).toThrow(/wait for ever/);
  });

  it('find the nearest key in a moment, whatever is asked', () => {
    expect(nearestKey('x'.repeat(1_000_000))).toBeUndefined();
    expect(nearestKey('')).toBeUndefined();
  });
});

describe('templates', () => {
  it('are as the loader reads them, byte for byte what would be written', async () => {
    const names = await templateNames();
    expect(names).toEqual(['guest', 'installer', 'verbose', 'yosemite']);
    for (const name of names) {
      const settings = await readTemplate(name);
      const { readFileSync } = await import('node:fs');
      const file = readFileSync(new URL(`../../../templates/${name}.plist`, import.meta.url));
      expect(buildBootPlist(settings)).toBe(file.toString());
      expect(checkBootPlist(file, name)).toMatchObject({ ok: true, findings: [] });
      expect(chameleonReads(PATH, file).timeout()).toBe(5);
    }
    expect(await readTemplate('installer')).toEqual({ Timeout: '5', 'Graphics Mode': '1280x1024x32' });
    await expect(readTemplate('../package')).rejects.toThrow(/no template/);
  });
});
