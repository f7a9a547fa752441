import { UsageError } from '../../errors.js';
import type { Evidence } from '../../known/loaders.js';
import type { PlistValue } from '../plist.js';

/** What a release needs to have otherwise than the template, and how that is known. An inference chooses a default, nothing else. */
export interface ReleaseSetting {
  readonly path: string;
  readonly is: PlistValue;
  readonly known: Evidence;
}

/** What is to be known of starting a release by OpenCore. */
export interface OpenCoreRelease {
  readonly settings: readonly ReleaseSetting[];
  /** What the configuration cannot say. */
  readonly remarks: readonly string[];
}

const product = (is: string, known: Evidence): ReleaseSetting => ({
  path: 'PlatformInfo/Generic/SystemProductName',
  is,
  known,
});
const booter = (quirk: string, known: Evidence): ReleaseSetting => ({
  path: `Booter/Quirks/${quirk}`,
  is: true,
  known,
});
const output = (name: string, is: PlistValue, known: Evidence): ReleaseSetting => ({
  path: `UEFI/Output/${name}`,
  is,
  known,
});

/** boot.efi before 10.10 draws text in graphics mode; only a System renderer minds these keys (code: ocvalidate). */
const OLD_CONSOLE = [
  output('IgnoreTextInGraphics', true, 'reported'),
  output('ReplaceTabWithSpace', true, 'reported'),
  output('SanitiseClearScreen', true, 'reported'),
  output('TextRenderer', 'SystemGeneric', 'code'),
];

/** Without a slide (10.7 and before) the kernel needs the memory that OVMF's own drivers lie in. */
const relocation = (known: Evidence) => [booter('AllowRelocationBlock', known), booter('ProvideCustomSlide', known)];
const slide = (known: Evidence) => [booter('EnableSafeModeSlide', known), booter('ProvideCustomSlide', known)];

/** Sold before each of these, and served by all (Apple's list of models per release). */
const FROM_10_10 = { settings: [product('iMac14,2', 'inferred'), ...slide('inferred')], remarks: [] };
/** Reported to be taken by their installers, up to iMac19,1. */
const FROM_10_12 = { settings: [product('iMac14,2', 'reported'), ...slide('inferred')], remarks: [] };

/** Where releases differ; what all share is in templates/opencore. */
export const OPENCORE_RELEASES: Readonly<Record<string, OpenCoreRelease>> = {
  '10.6': {
    settings: [
      product('iMac9,1', 'measured'),
      booter('RebuildAppleMemoryMap', 'measured'),
      ...relocation('inferred'),
      ...OLD_CONSOLE,
    ],
    remarks: ['10.6 was started with one processor: -smp 1 (measured by others).'],
  },
  '10.7': { settings: [product('iMac9,1', 'inferred'), ...relocation('inferred'), ...OLD_CONSOLE], remarks: [] },
  '10.8': {
    settings: [product('iMac9,1', 'inferred'), ...relocation('inferred'), ...slide('inferred'), ...OLD_CONSOLE],
    remarks: [],
  },
  // MacPro5,1 panics in AppleTyMCEDriver under KVM.
  '10.9': {
    settings: [product('iMac14,2', 'measured'), ...relocation('measured'), ...slide('measured'), ...OLD_CONSOLE],
    remarks: [],
  },
  '10.10': FROM_10_10,
  '10.11': FROM_10_10,
  '10.12': FROM_10_12,
  '10.13': FROM_10_12,
  '10.14': FROM_10_12,
  '10.15': FROM_10_12,
};

/** The row of a version, "10.10" or "10.10.5". UsageError for a release there is none of. */
export function openCoreRelease(version: string): OpenCoreRelease {
  const major = /^10\.\d{1,2}(?=\.|$)/.exec(version)?.[0] ?? version;
  if (Object.hasOwn(OPENCORE_RELEASES, major)) return OPENCORE_RELEASES[major]!;
  const all = Object.keys(OPENCORE_RELEASES);
  throw new UsageError(`--release ${version}: expected ${all[0]} to ${all.at(-1)}.`);
}
