import type { ReleaseName } from './releases.js';

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
  readonly payload?: PayloadCoding;
}

export type PartitionMap = 'apm' | 'gpt' | 'none';
export type PayloadCoding = 'pbzx' | 'gzip' | 'bzip2';
