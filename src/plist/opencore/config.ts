import { UsageError } from '../../errors.js';
import { asArray, asDict, buildPlist, type PlistDict, type PlistValue, plistGet, plistString } from '../plist.js';
import { bundlesOf, type GivenKext, inOrder, kextEntry, LILU, missingLibraries } from './kexts.js';
import { UUID } from './keys/values.js';
import { openCoreRelease } from './releases.js';
import { parseConfigSetting, withSettings } from './set.js';

/** What a configuration is made of. */
export interface ConfigOptions {
  /** The system it starts: "10.10", or "10.10.5". */
  readonly release: string;
  /** What it starts from: a whole config.plist, see templates/opencore. */
  readonly template: PlistDict;
  /** PATH=VALUE, as "Misc/Boot/Timeout=5"; they beat everything else. */
  readonly set?: readonly string[];
  readonly kexts?: readonly GivenKext[];
  /** The guest's own; without it the template's placeholder. */
  readonly systemUuid?: string;
}

/** A configuration, and what must lie beside it. */
export interface OpenCoreConfig {
  readonly plist: PlistDict;
  /** The text of EFI/OC/config.plist. */
  readonly xml: string;
  /** Names of files in EFI/OC/Drivers, in the order they are loaded. */
  readonly drivers: readonly string[];
  /** Names of folders in EFI/OC/Kexts. */
  readonly kexts: readonly string[];
  /** Small files that belong to it, by their path in the volume: what they hold. */
  readonly files: Readonly<Record<string, string>>;
  /** What the configuration cannot say. */
  readonly remarks: readonly string[];
}

/** With this file beside BOOTx64.efi the volume itself is none of the picker's entries. */
export const CONTENT_VISIBILITY = 'EFI/BOOT/.contentVisibility';

/**
 * Wanted whatever ScanPolicy is: with 0x10002, too, the volume is the first entry, and starts OpenCore again, where its disk is a SATA one
 * (measured with 1.0.5).
 */
export const OWN_VOLUME_HIDDEN: Readonly<Record<string, string>> = { [CONTENT_VISIBILITY]: 'Disabled' };

/**
 * config.plist of a release: the template, what the release needs otherwise, the kexts, and last what was set. UsageError for a
 * release or a setting there is none of, SourceError for a kext that is none.
 */
export function opencoreConfig(options: ConfigOptions): OpenCoreConfig {
  const { template, kexts = [], set = [], systemUuid } = options;
  const release = openCoreRelease(options.release);
  const remarks = [...release.remarks];
  const settings = release.settings.map(({ path, is }) => ({ path: path.split('/'), value: is }));
  if (systemUuid !== undefined) {
    if (!UUID.pattern.test(systemUuid)) throw new UsageError(`"${systemUuid}": expected ${UUID.expected}.`);
    settings.push({ path: ['PlatformInfo', 'Generic', 'SystemUUID'], value: systemUuid });
  }
  const bundles = inOrder(kexts.flatMap(bundlesOf));
  const [missing] = missingLibraries(bundles);
  if (missing) {
    const { needed, by } = missing;
    throw new UsageError(
      `${by.bundlePath} links against ${needed}, which is none of the kexts given.`,
      `Give it too: --kext ${needed.split('.').at(-1)}.kext`,
    );
  }
  if (bundles.length > 0) settings.push({ path: ['Kernel', 'Add'], value: bundles.map(kextEntry) });
  // Lilu patches kexts by their symbols, which the kernel would throw away (code: ocvalidate).
  if (bundles.some(({ identifier }) => identifier === LILU)) {
    settings.push({ path: ['Kernel', 'Quirks', 'DisableLinkeditJettison'], value: true });
  }
  const plist = withSettings(template, [...settings, ...set.map(parseConfigSetting)]);
  return {
    plist,
    xml: buildPlist(plist),
    drivers: enabledDrivers(plist),
    kexts: kexts.map(({ name }) => name),
    files: OWN_VOLUME_HIDDEN,
    remarks,
  };
}

/** Names of the drivers that are loaded: dictionaries since 0.7.3, before that strings, of which `#` left one out. */
export function enabledDrivers(config: PlistValue): string[] {
  const entries = asArray(plistGet(config, 'UEFI', 'Drivers')) ?? [];
  return entries
    .map((entry) => {
      if (typeof entry === 'string') return entry.startsWith('#') ? undefined : entry;
      return asDict(entry)?.Enabled === true ? plistString(entry, 'Path') : undefined;
    })
    .filter((path) => path !== undefined);
}
