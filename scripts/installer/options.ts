import type { PartitionMap, PayloadCoding } from './kinds.js';
import type { ReleaseName } from './releases.js';

export type { PartitionMap, PayloadCoding } from './kinds.js';

/** Everything about an installer that can be chosen; what is left out is as the real thing has it. */
export interface InstallerOptions {
  /** The folder (made if missing) that receives the app. */
  readonly directory: string;
  /** 1 = the real thing's sizes; sizes and numbers of files shrink in proportion. Default 0.01. */
  readonly scale?: number;
  readonly release?: ReleaseName;
  /** Same seed, same bytes. Default 1. */
  readonly seed?: number;
  /** Writes the listing that a finished ISO can be judged by (truth.ts). */
  readonly truth?: string;
  /** Makes that listing for the caller although it is written nowhere. */
  readonly wantTruth?: boolean;
  /** What the kernel prints when it is started; default made from the seed. */
  readonly nonce?: string;
  readonly bits?: 64 | 32 | 'fat';
  /** What it is wrapped in; default: the app itself. */
  readonly form?: Form;
  /** How the installer differs from a good one. */
  readonly faults?: Faults;
  readonly report?: (progress: { readonly what: string; readonly done: number; readonly total: number }) => void;
}

/** Ways in which installers in the wild are unusual or bad, as data. */
export interface Faults {
  /** 'stub': the 20 MB app that the App Store sometimes leaves, without SharedSupport. */
  readonly app?: 'stub';
  /** 'missing': an empty Kernels folder. 'text': a kernel that is no Mach-O. */
  readonly kernel?: 'missing' | 'text';
  /**
   * One byte in BaseSystem.dmg changed after its chunklist was made: in the compressed data, or in the trailer, where nothing
   * but the chunklist can tell.
   */
  readonly damagedChunk?: 'data' | 'trailer';
  readonly chunklist?: 'missing';
  /** What System/Installation/Packages is in BaseSystem. */
  readonly packagesLink?: 'missing' | 'folder';
  readonly systemVersion?: 'missing';
  /** BaseSystem's partition map. */
  readonly baseMap?: PartitionMap;
  readonly baseVolume?: 'hfs+' | 'hfsx';
  /** 'dirty': with transactions in the journal that were never applied, not cleanly unmounted. */
  readonly baseJournal?: 'clean' | 'dirty';
  readonly esdMap?: PartitionMap;
  /** 2048-byte Apple maps count free blocks that lie past the end of the file, as hdiutil's UDTO and the 10.6 DVD do. */
  readonly pastEnd?: boolean;
  /** How every payload is stored. */
  readonly payload?: PayloadCoding;
  /** The package with the kernel: of 10.13 and later sources say Core.pkg or Essentials.pkg. */
  readonly kernelIn?: string;
  /** Where BaseSystem has its prelinked kernel: of 10.10 sources say one or the other. */
  readonly prelinked?: 'prelinkedkernel' | 'kernelcache';
  /** Where the bootable InstallESD of 10.7 and 10.8 has boot.efi: 10.7.5 in the root, others in CoreServices (real-media.md 3). */
  readonly bootFiles?: 'core-services' | 'root';
  /** InstallInfo.plist of 10.12 and later. */
  readonly installInfo?: 'missing' | 'contradicts';
  /** CFBundleShortVersionString of the app: "12.6.06" is the defective Sierra. */
  readonly shortVersion?: string;
}

/**
 * The forms in which people have an installer: the app; the disk images in a folder; InstallESD.dmg; a package that holds it; a disk
 * image with that package, as Apple's support pages offer it; a disk image with the app; the catalogue's InstallESDDmg.pkg, as it is or
 * renamed to InstallESD.dmg; the App Store's InstallESD.dmg, which is an archive as well.
 */
export const forms = ['app', 'folder', 'esd', 'pkg', 'dmg', 'dmg-app', 'catalogue', 'renamed', 'app-store'] as const;
export type Form = (typeof forms)[number];
