import type { ReleaseName } from './releases.js';

/** One package of InstallESD.dmg's folder Packages. */
export interface PackageSize {
  readonly name: string;
  /** Plain bytes of its payload at scale 1; 0: it has none. */
  readonly bytes: number;
  /** The payload is stored as it is, where the release's others are compressed. */
  readonly stored?: true;
  /** What it brings that no other has. */
  readonly holds?: 'firmware';
}

const MB = 1_000_000;

/** On the DVD of 10.6 are 48 packages: these, and printers' and languages' up to that number. */
const DVD_PACKAGES = 48;
const DVD_NAMED: readonly PackageSize[] = [
  { name: 'AdditionalEssentials.pkg', bytes: 700 * MB },
  { name: 'BSD.pkg', bytes: 250 * MB },
  { name: 'BaseSystem.pkg', bytes: 600 * MB },
  { name: 'Essentials.pkg', bytes: 5000 * MB },
  { name: 'MediaFiles.pkg', bytes: 500 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
];
const DVD: readonly PackageSize[] = [
  ...DVD_NAMED,
  ...Array.from({ length: DVD_PACKAGES - DVD_NAMED.length }, (_, i) => ({ name: `Extra${i + 1}.pkg`, bytes: 20 * MB })),
];

/** The fourteen packages of 10.9's sixteen items, which 10.10 still has. */
const BEFORE_10_11: readonly PackageSize[] = [
  { name: 'AdditionalEssentials.pkg', bytes: 700 * MB },
  { name: 'AdditionalSpeechVoices.pkg', bytes: 480 * MB },
  { name: 'AsianLanguagesSupport.pkg', bytes: 120 * MB },
  { name: 'BSD.pkg', bytes: 250 * MB },
  { name: 'BaseSystemBinaries.pkg', bytes: 600 * MB },
  { name: 'BaseSystemResources.pkg', bytes: 70 * MB },
  { name: 'Essentials.pkg', bytes: 6400 * MB },
  { name: 'JavaEssentials.pkg', bytes: 3 * MB },
  { name: 'JavaTools.pkg', bytes: 1 * MB },
  { name: 'MediaFiles.pkg', bytes: 380 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
  { name: 'OSUpgrade.pkg', bytes: 1 * MB },
  { name: 'OxfordDictionaries.pkg', bytes: 190 * MB },
  { name: 'X11redirect.pkg', bytes: 1 * MB },
];

/** Of 10.7 and 10.8 some payloads are compressed, others are not. */
const STORED = ['AdditionalSpeechVoices.pkg', 'MediaFiles.pkg', 'OSInstall.pkg'];
const MOUNTAIN_LION = BEFORE_10_11.map((size) =>
  STORED.includes(size.name) ? { ...size, stored: true as const } : size,
);
/** 10.7's BaseSystemResources.pkg has a Bom and no Payload. */
const LION = MOUNTAIN_LION.map((size) => (size.name === 'BaseSystemResources.pkg' ? { ...size, bytes: 0 } : size));

/** From 10.11 on the first ones are merged into Essentials.pkg. */
const FROM_10_11: readonly PackageSize[] = [
  { name: 'AdditionalSpeechVoices.pkg', bytes: 480 * MB },
  { name: 'AsianLanguagesSupport.pkg', bytes: 120 * MB },
  { name: 'Essentials.pkg', bytes: 9000 * MB },
  { name: 'MediaFiles.pkg', bytes: 380 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
  { name: 'OxfordDictionaries.pkg', bytes: 190 * MB },
  { name: 'X11redirect.pkg', bytes: 1 * MB },
];

/** 10.12's Essentials.pkg decodes to 10,810,750,464 bytes; firmware came with a package of its own. */
const SIERRA: readonly PackageSize[] = [
  ...FROM_10_11.map((size) => (size.name === 'Essentials.pkg' ? { ...size, bytes: 10_810_750_464 } : size)),
  { name: 'EmbeddedOSFirmware.pkg', bytes: 5 * MB, holds: 'firmware' },
];

const FROM_10_13: readonly PackageSize[] = [{ name: 'Core.pkg', bytes: 2000 * MB }, ...FROM_10_11];

export const packageSizes: Readonly<Record<ReleaseName, readonly PackageSize[]>> = {
  '10.6': DVD,
  '10.7': LION,
  '10.8': MOUNTAIN_LION,
  '10.9': BEFORE_10_11,
  '10.10': BEFORE_10_11,
  '10.11': FROM_10_11,
  '10.12': SIERRA,
  '10.13': FROM_10_13,
  '10.14': FROM_10_13,
  '10.15': FROM_10_13,
  '11': [],
};
