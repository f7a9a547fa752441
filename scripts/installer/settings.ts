import { DEFAULT_KERNEL_SIZE, DEFAULT_KERNEL_VERSION, makeKernel } from './kernel.js';
import type { Faults, InstallerOptions, PayloadCoding } from './options.js';
import { seedFor } from './random.js';
import { type Release, type ReleaseName, releases } from './releases.js';

/** The options with everything filled in. */
export interface Settings {
  readonly release: Release;
  readonly releaseName: ReleaseName;
  readonly scale: number;
  readonly seed: number;
  readonly nonce: string;
  readonly bits: 64 | 32 | 'fat';
  readonly faults: Faults;
  readonly coding: PayloadCoding;
}

/** Bytes of a real kernel of the time. */
const KERNEL_BYTES = 10_200_000;

/** Fills in what was left out. Throws RangeError for a scale that is none. */
export function settingsOf(options: InstallerOptions): Settings {
  const { scale = 0.01, seed = 1, release: releaseName = '10.10', faults = {} } = options;
  if (!(scale > 0 && scale <= 1)) throw new RangeError(`a scale is above 0 and at most 1, not ${scale}`);
  const release = releases[releaseName];
  // mach_kernel of the bootable InstallESD holds both.
  const { bits = release.layout === 'bootable' ? 'fat' : 64 } = options;
  const nonce = options.nonce ?? `${releaseName}-${seedFor(seed, 'nonce').toString(16)}`;
  return { release, releaseName, scale, seed, nonce, bits, faults, coding: faults.payload ?? release.payload };
}

/** To be raised when the same options make other bytes, so that the demo makes its installer anew. */
const SHAPE = 4;

/** What makes one installer differ from another, for the mark in Info.plist. */
export function identity({ releaseName, scale, seed, nonce, bits, faults }: Settings): Record<string, unknown> {
  return { shape: SHAPE, release: releaseName, scale, seed, nonce, bits, faults };
}

/** What a release's kernel depends on. */
export type KernelSettings = Pick<Settings, 'release' | 'scale' | 'nonce' | 'bits'>;

/** The kernel of the settings' release. */
export function kernelOf({ release, scale, nonce, bits }: KernelSettings): Uint8Array {
  const version = DEFAULT_KERNEL_VERSION.replace('14.5.0', release.darwin);
  return makeKernel({ nonce, bits, version, size: Math.max(DEFAULT_KERNEL_SIZE, Math.round(KERNEL_BYTES * scale)) });
}
