import type { ReleaseName } from './releases.js';

/** One package of InstallESD.dmg's folder Packages: its name and the bytes of its payload at scale 1. */
export interface PackageSize {
  readonly name: string;
  readonly bytes: number;
}

const MB = 1_000_000;

/** On the DVD of 10.6, which has 8 GB with them. */
const DVD: readonly PackageSize[] = [
  { name: 'AdditionalEssentials.pkg', bytes: 310 * MB },
  { name: 'BSD.pkg', bytes: 90 * MB },
  { name: 'BaseSystem.pkg', bytes: 210 * MB },
  { name: 'Essentials.pkg', bytes: 3050 * MB },
  { name: 'MediaFiles.pkg', bytes: 380 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
];

/** The items of 10.9, which 10.10 still has; together with BaseSystem.dmg they make the 5.1 GB of a real InstallESD.dmg. */
const BEFORE_10_11: readonly PackageSize[] = [
  { name: 'AdditionalEssentials.pkg', bytes: 310 * MB },
  { name: 'AdditionalSpeechVoices.pkg', bytes: 480 * MB },
  { name: 'AsianLanguagesSupport.pkg', bytes: 120 * MB },
  { name: 'BSD.pkg', bytes: 90 * MB },
  { name: 'BaseSystemBinaries.pkg', bytes: 140 * MB },
  { name: 'BaseSystemResources.pkg', bytes: 70 * MB },
  { name: 'Essentials.pkg', bytes: 3050 * MB },
  { name: 'JavaEssentials.pkg', bytes: 3 * MB },
  { name: 'JavaTools.pkg', bytes: 1 * MB },
  { name: 'MediaFiles.pkg', bytes: 380 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
  { name: 'OSUpgrade.pkg', bytes: 1 * MB },
  { name: 'OxfordDictionaries.pkg', bytes: 190 * MB },
  { name: 'X11redirect.pkg', bytes: 1 * MB },
];

/** From 10.11 on the first ones are merged into Essentials.pkg. */
const FROM_10_11: readonly PackageSize[] = [
  { name: 'AdditionalSpeechVoices.pkg', bytes: 480 * MB },
  { name: 'AsianLanguagesSupport.pkg', bytes: 120 * MB },
  { name: 'Essentials.pkg', bytes: 3670 * MB },
  { name: 'MediaFiles.pkg', bytes: 380 * MB },
  { name: 'OSInstall.pkg', bytes: 2 * MB },
  { name: 'OxfordDictionaries.pkg', bytes: 190 * MB },
  { name: 'X11redirect.pkg', bytes: 1 * MB },
];

const FROM_10_13: readonly PackageSize[] = [{ name: 'Core.pkg', bytes: 900 * MB }, ...FROM_10_11];

export const packageSizes: Readonly<Record<ReleaseName, readonly PackageSize[]>> = {
  '10.6': DVD,
  '10.7': BEFORE_10_11,
  '10.8': BEFORE_10_11,
  '10.9': BEFORE_10_11,
  '10.10': BEFORE_10_11,
  '10.11': FROM_10_11,
  '10.12': FROM_10_11,
  '10.13': FROM_10_13,
  '10.14': FROM_10_13,
  '10.15': FROM_10_13,
  '11': [],
};
