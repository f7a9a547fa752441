import { buildPlist, type PlistDict } from '../plist/plist.js';
import type { Release } from '../releases.js';
import type { GivenConfig } from './esp.js';
import type { Kext } from './kexts.js';

const DRIVER_FILES = ['OpenRuntime.efi', 'OpenHfsPlus.efi', 'OpenPartitionDxe.efi'] as const;

/** A config for a release, of what the project's facts name (opencore.md section 2). */
export function configFor(_release: Release | undefined, kexts: readonly Kext[]): GivenConfig {
  const plist: PlistDict = {
    Booter: { Quirks: { AvoidRuntimeDefrag: true, EnableWriteUnprotector: true } },
    Kernel: {
      Add: kexts.map(({ name, files }) => ({
        Arch: 'Any',
        BundlePath: name,
        Enabled: true,
        ExecutablePath: [...files.keys()].find((path) => /^Contents\/MacOS\/[^/]+$/.test(path)) ?? '',
        PlistPath: 'Contents/Info.plist',
      })),
    },
    Misc: {
      Boot: { ShowPicker: true, Timeout: 3, PickerMode: 'Builtin' },
      Security: { SecureBootModel: 'Disabled', Vault: 'Optional', ScanPolicy: 0, DmgLoading: 'Signed' },
    },
    NVRAM: { Add: { '7C436110-AB2A-4BBB-A880-FE41995C9F82': { 'boot-args': '-v' } } },
    PlatformInfo: { Automatic: true, UpdateSMBIOS: true, Generic: { SystemProductName: 'iMac14,2' } },
    UEFI: {
      ConnectDrivers: true,
      Drivers: DRIVER_FILES.map((Path) => ({ Path, Enabled: true, Arguments: '' })),
      Output: { ProvideConsoleGop: true, TextRenderer: 'BuiltinGraphics' },
    },
  };
  return { xml: buildPlist(plist), drivers: DRIVER_FILES };
}
