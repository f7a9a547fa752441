import type { PartitionMap, PayloadCoding } from './options.js';

/** What differs from release to release in an installer app (facts: recipes.md section 4). */
export interface Release {
  readonly app: string;
  readonly identifier: string;
  readonly product: string;
  readonly version: string;
  readonly build: string;
  /** Of Darwin, for the kernel's version string. */
  readonly darwin: string;
  readonly esdVolume: string;
  readonly baseVolume: string;
  readonly baseMap: PartitionMap;
  /** Where BaseSystem.dmg and its chunklist are: in InstallESD.dmg's root or beside it. */
  readonly baseIn: 'esd' | 'app';
  /** The package with the kernel and the kernel's path in it. */
  readonly kernelPackage: string;
  readonly kernelPath: readonly string[];
  readonly prelinked: readonly string[];
  readonly payload: PayloadCoding;
  readonly layout: 'esd' | 'shared-support';
}

const prelinkedKernel = ['System', 'Library', 'PrelinkedKernels', 'prelinkedkernel'];
const startupCache = ['System', 'Library', 'Caches', 'com.apple.kext.caches', 'Startup', 'kernelcache'];
const newKernel = ['System', 'Library', 'Kernels', 'kernel'];

export type ReleaseName = '10.9' | '10.10' | '10.11' | '10.12' | '10.13' | '11';

/** Builds are made up: the number of the real series with a letter and number no Apple build had. */
export const releases: Readonly<Record<ReleaseName, Release>> = {
  '10.9': {
    app: 'Install OS X Mavericks.app',
    identifier: 'com.apple.InstallAssistant.Mavericks',
    product: 'Mac OS X',
    version: '10.9.5',
    build: '13F9999',
    darwin: '13.4.0',
    esdVolume: 'OS X Install ESD',
    baseVolume: 'OS X Base System',
    baseMap: 'apm',
    baseIn: 'esd',
    kernelPackage: 'BaseSystemBinaries.pkg',
    kernelPath: ['mach_kernel'],
    prelinked: startupCache,
    payload: 'gzip',
    layout: 'esd',
  },
  '10.10': {
    app: 'Install OS X Yosemite.app',
    identifier: 'com.apple.InstallAssistant.Yosemite',
    product: 'Mac OS X',
    version: '10.10.5',
    build: '14F9999',
    darwin: '14.5.0',
    esdVolume: 'OS X Install ESD',
    baseVolume: 'OS X Base System',
    baseMap: 'apm',
    baseIn: 'esd',
    kernelPackage: 'Essentials.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '10.11': {
    app: 'Install OS X El Capitan.app',
    identifier: 'com.apple.InstallAssistant.ElCapitan',
    product: 'Mac OS X',
    version: '10.11.6',
    build: '15G9999',
    darwin: '15.6.0',
    esdVolume: 'OS X Install ESD',
    baseVolume: 'OS X Base System',
    baseMap: 'gpt',
    baseIn: 'esd',
    kernelPackage: 'Essentials.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '10.12': {
    app: 'Install macOS Sierra.app',
    identifier: 'com.apple.InstallAssistant.Sierra',
    product: 'Mac OS X',
    version: '10.12.6',
    build: '16G9999',
    darwin: '16.7.0',
    esdVolume: 'OS X Install ESD',
    baseVolume: 'OS X Base System',
    baseMap: 'gpt',
    baseIn: 'esd',
    kernelPackage: 'Essentials.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '10.13': {
    app: 'Install macOS High Sierra.app',
    identifier: 'com.apple.InstallAssistant.HighSierra',
    product: 'Mac OS X',
    version: '10.13.6',
    build: '17G9999',
    darwin: '17.7.0',
    esdVolume: 'InstallESD',
    baseVolume: 'OS X Base System',
    baseMap: 'gpt',
    baseIn: 'app',
    kernelPackage: 'Core.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '11': {
    app: 'Install macOS Big Sur.app',
    identifier: 'com.apple.InstallAssistant.macOSBigSur',
    product: 'macOS',
    version: '11.7.10',
    build: '20G9999',
    darwin: '20.6.0',
    esdVolume: 'Shared Support',
    baseVolume: '',
    baseMap: 'gpt',
    baseIn: 'app',
    kernelPackage: '',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'shared-support',
  },
};
