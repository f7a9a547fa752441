import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPENCORE_RELEASES, opencoreConfig, parseConfigSetting } from '../../../src/plist/opencore/index.js';
import { asDict, buildPlist, parsePlist, plistGet } from '../../../src/plist/plist.js';
import { releases } from '../../../src/releases.js';
import { kext, LILU, VIRTUAL_SMC } from './kexts.js';

const template = (name: string) => {
  const bytes = readFileSync(new URL(`../../../templates/opencore/${name}.plist`, import.meta.url));
  return { bytes, config: asDict(parsePlist(bytes, name))! };
};
const DEFAULT = template('default').config;
const VARIABLES = '7C436110-AB2A-4BBB-A880-FE41995C9F82';

const made = (release: string, more: Partial<Parameters<typeof opencoreConfig>[0]> = {}) =>
  opencoreConfig({ release, template: DEFAULT, ...more });
const at = (config: ReturnType<typeof made>, path: string) =>
  plistGet(config.plist, ...path.split('/').map((part) => (/^\d+$/.test(part) ? Number(part) : part)));

describe('templates', () => {
  it.each(['default', 'verbose'])('%s: is as it would be written', (name) => {
    const { bytes, config } = template(name);
    expect(buildPlist(config)).toBe(bytes.toString('utf8'));
  });

  it('verbose differs in what is said, nothing else', () => {
    const set = ['Misc/Debug/Target=11', 'Misc/Debug/DisplayLevel=0x80000042', `NVRAM/Add/${VARIABLES}/boot-args=-v`];
    expect(made('10.10', { set }).xml).toBe(
      opencoreConfig({ release: '10.10', template: template('verbose').config }).xml,
    );
  });
});

describe('a configuration per release', () => {
  /** What no release has otherwise: measured with OpenCore 1.0.5 on our ISOs. */
  const ALL = {
    'Misc/Boot/PickerMode': 'Builtin',
    'Misc/Boot/ShowPicker': true,
    'Misc/Boot/Timeout': 3,
    'Misc/Security/DmgLoading': 'Signed',
    'Misc/Security/ScanPolicy': 0,
    'Misc/Security/SecureBootModel': 'Disabled',
    'Misc/Security/Vault': 'Optional',
    'Booter/Quirks/AvoidRuntimeDefrag': true,
    'Booter/Quirks/EnableWriteUnprotector': true,
    'Booter/Quirks/DevirtualiseMmio': false,
    'PlatformInfo/Automatic': true,
    'PlatformInfo/UpdateSMBIOS': true,
    'PlatformInfo/Generic/MLB': 'M0000000000000001',
    'PlatformInfo/Generic/SystemSerialNumber': 'W00000000001',
    'UEFI/APFS/MinDate': -1,
    'UEFI/APFS/MinVersion': -1,
    'UEFI/ConnectDrivers': true,
    'UEFI/Output/ProvideConsoleGop': true,
    [`NVRAM/Delete/${VARIABLES}`]: ['boot-args'],
  };
  const OLD = ['10.6', '10.7', '10.8', '10.9'];

  it('has a row for every release there is a recipe of', () => {
    expect(Object.keys(OPENCORE_RELEASES)).toEqual(releases.map(({ version }) => version));
  });

  it.each(Object.keys(OPENCORE_RELEASES))('%s', (release) => {
    const config = made(release);
    for (const [path, value] of Object.entries(ALL)) expect([path, at(config, path)]).toEqual([path, value]);
    const old = OLD.includes(release);
    expect(at(config, 'UEFI/Output/SanitiseClearScreen')).toBe(old);
    expect(at(config, 'UEFI/Output/TextRenderer')).toBe(old ? 'SystemGeneric' : 'BuiltinGraphics');
    expect(at(config, 'Booter/Quirks/AllowRelocationBlock')).toBe(old);
    expect(at(config, 'Booter/Quirks/RebuildAppleMemoryMap')).toBe(release === '10.6');
    expect(at(config, 'PlatformInfo/Generic/SystemProductName')).toBe(
      ['10.6', '10.7', '10.8'].includes(release) ? 'iMac9,1' : 'iMac14,2',
    );
    expect(config.drivers).toEqual(['OpenRuntime.efi', 'OpenHfsPlus.efi', 'OpenPartitionDxe.efi']);
    expect(config.files).toEqual({ 'EFI/BOOT/.contentVisibility': 'Disabled' });
    expect(config.remarks).toHaveLength(release === '10.6' ? 1 : 0);
    expect(parsePlist(Buffer.from(config.xml), 'config.plist')).toEqual(config.plist);
  });

  it('takes a whole version, and no other release', () => {
    expect(made('10.10.5').xml).toBe(made('10.10').xml);
    for (const release of ['11.0', '10.5', '10.1', 'yosemite', '', '__proto__']) {
      expect(() => made(release)).toThrow(/expected 10\.6 to 10\.15/);
    }
  });

  it("has the guest's UUID, and refuses what is none", () => {
    const systemUuid = '6F9619FF-8B86-D011-B42D-00C04FC964FF';
    expect(at(made('10.10', { systemUuid }), 'PlatformInfo/Generic/SystemUUID')).toBe(systemUuid);
    expect(() => made('10.10', { systemUuid: 'mine' })).toThrow(/expected a UUID/);
  });
});

describe('--set', () => {
  it.each([
    ['Misc/Boot/Timeout=5', 5],
    ['Misc/Boot/Timeout=0x10', 16],
    ['UEFI/APFS/MinDate=-1', -1],
    ['Misc/Boot/ShowPicker=no', false],
    ['Misc/Boot/ShowPicker=YES', true],
    ['Misc/Boot/PickerMode=external', 'External'],
    ['UEFI/Drivers/1/Path=HfsPlus.efi', 'HfsPlus.efi'],
    ['PlatformInfo/Generic/ROM=<02 00 00 00 00 09>', Uint8Array.of(2, 0, 0, 0, 0, 9)],
    ['Kernel/Emulate/Cpuid1Data=VAYFAAAAAAAAAAAAAAAAAA==', Uint8Array.from([0x54, 6, 5, ...new Array(13).fill(0)])],
    [`NVRAM/Add/${VARIABLES}/boot-args=-v debug=0x100`, '-v debug=0x100'],
    [`NVRAM/Add/${VARIABLES}/csr-active-config=<67000000>`, Uint8Array.of(0x67, 0, 0, 0)],
    ['DeviceProperties/Add/PciRoot(0x0)/Pci(0x2,0x0)/model=x', 'x'],
    ['PlatformInfo/Memory/Type=26', 26],
  ])('%s', (set, value) => {
    const { path } = parseConfigSetting(set);
    expect(plistGet(made('10.10', { set: [set] }).plist, ...path)).toEqual(value);
  });

  it.each([
    ['Misc/Boot/Timeout', /expected PATH=VALUE/],
    ['Misc/Boot/Timeot=1', /knows no "Timeot" in Misc\/Boot; the nearest is "Timeout"/],
    ['misc/Boot/Timeout=1', /knows no "misc" in config\.plist; the nearest is "Misc"/],
    ['Misc/Boot/Timeout=soon', /expected a whole number/],
    ['Misc/Boot/Timeout=4294967296', /room for 0 to 4294967295/],
    ['Misc/Boot/ShowPicker=perhaps', /expected true or false/],
    ['Misc/Boot/PickerMode=Fancy', /expected Builtin, External or Apple/],
    ['Misc/Security/ScanPolicy=0x80000000', /bits 0x80000000 mean nothing/],
    ['Misc/Security/AllowNvramReset=true', /no such key since 0\.8\.0/],
    ['UEFI/Drivers/9/Path=x.efi', /no such entry in the list/],
    ['UEFI/Drivers=OpenRuntime.efi', /this holds other values/],
    ['UEFI=1', /this holds other values/],
    ['PlatformInfo/Generic/ROM=<0200000000090909>', /room for 6 bytes/],
    ['PlatformInfo/Generic/ROM=<02', /expected bytes/],
    [`NVRAM/Add/${VARIABLES}/boot-args=a&b`, /no way to write "&"/],
    [`NVRAM/Add/${VARIABLES}/boot-args= -v`, /drops the blanks/],
    ['Misc/Boot/Timeout/x=1', /knows no "x" in Misc\/Boot\/Timeout/],
    ['__proto__/x=1', /knows no "__proto__"/],
    ['=1', /knows no "" in config\.plist/],
  ])('%s is refused', (set, why) => {
    expect(() => made('10.10', { set: [set] })).toThrow(why);
  });

  it('beats release and template, the last one of several', () => {
    const set = ['PlatformInfo/Generic/SystemProductName=iMac15,1', 'Misc/Boot/Timeout=9', 'Misc/Boot/Timeout=0'];
    const config = made('10.9', { set });
    expect(at(config, 'PlatformInfo/Generic/SystemProductName')).toBe('iMac15,1');
    expect(at(config, 'Misc/Boot/Timeout')).toBe(0);
    // Measured: with it, too, the volume on a SATA disk would be the first entry.
    expect(made('10.9', { set: ['Misc/Security/ScanPolicy=0x10002'] }).files).toEqual({
      'EFI/BOOT/.contentVisibility': 'Disabled',
    });
  });
});

describe('kexts', () => {
  const order = (config: ReturnType<typeof made>) =>
    (at(config, 'Kernel/Add') as { BundlePath: string }[]).map(({ BundlePath }) => BundlePath);

  it('come in the order they need each other, whatever order they are given in', () => {
    const all = [
      kext('Green', { needs: ['as.vit9696.Lilu'] }),
      VIRTUAL_SMC,
      kext('Sensors', { needs: ['as.vit9696.VirtualSMC', 'as.vit9696.Lilu'] }),
      LILU,
      kext('Alone', { identifier: 'org.example.Alone', needs: ['com.apple.kpi.bsd'] }),
      kext('Above', { identifier: 'org.example.Above', needs: ['org.example.Alone'] }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (kexts) => {
        const names = order(made('10.13', { kexts }));
        expect(names.slice(0, 2)).toEqual(['Lilu.kext', 'VirtualSMC.kext']);
        expect(names.indexOf('Alone.kext')).toBeLessThan(names.indexOf('Above.kext'));
        expect(names).toHaveLength(all.length);
      }),
      { numRuns: 20 },
    );
  });

  it('keep their plug-ins behind them', () => {
    const config = made('10.13', { kexts: [kext('Keys', { identifier: 'org.example.Keys', plugIns: ['A', 'B'] })] });
    expect(order(config)).toEqual([
      'Keys.kext',
      'Keys.kext/Contents/PlugIns/A.kext',
      'Keys.kext/Contents/PlugIns/B.kext',
    ]);
    expect(config.kexts).toEqual(['Keys.kext']);
    expect(at(config, 'Kernel/Add/1/ExecutablePath')).toBe('Contents/MacOS/A');
    expect(at(config, 'Kernel/Quirks/DisableLinkeditJettison')).toBe(false);
  });

  it('without code have no executable; with Lilu its quirk is on', () => {
    const config = made('10.13', { kexts: [kext('Ports', { code: false }), LILU] });
    expect(at(config, 'Kernel/Add/1/ExecutablePath')).toBe('');
    expect(at(config, 'Kernel/Quirks/DisableLinkeditJettison')).toBe(true);
  });

  it('that are none, or not whole, are refused', () => {
    const infos = LILU.infos;
    const broken = { ...LILU, files: ['Contents/Info.plist'] };
    expect(() => made('10.13', { kexts: [broken] })).toThrow(
      /names the executable Contents\/MacOS\/Lilu, and there is/,
    );
    expect(() => made('10.13', { kexts: [{ ...LILU, infos: new Map() }] })).toThrow(/expected Contents\/Info\.plist/);
    const text = (content: string) => new Map([['Contents/Info.plist', Buffer.from(content)]]);
    expect(() => made('10.13', { kexts: [{ ...LILU, infos: text('{}') }] })).toThrow(/expected an XML or binary/);
    expect(() => made('10.13', { kexts: [{ ...LILU, infos: text('<plist><dict/></plist>') }] })).toThrow(
      /expected a CFBundleIdentifier/,
    );
    expect(() => made('10.13', { kexts: [VIRTUAL_SMC] })).toThrow(/links against as\.vit9696\.Lilu, which is none/);
    expect(infos.size).toBe(1);
  });
});
