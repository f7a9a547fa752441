import type { PartitionMap, PayloadCoding } from './kinds.js';

/** What differs from release to release in an installer app (facts: real-media.md sections 1 and 3, recipes.md section 4). */
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
  /** Of the downloaded disk image that the app or its package comes in. */
  readonly outerVolume: string;
  readonly outerMap: PartitionMap;
  readonly esdMap: PartitionMap;
  readonly baseMap: PartitionMap;
  /** 512-byte sectors of a run of BaseSystem.dmg; all other images have 512. */
  readonly baseRuns: number;
  /** Where BaseSystem.dmg and its chunklist are: in InstallESD.dmg's root or beside it. */
  readonly baseIn: 'esd' | 'app';
  /** The package with the kernel and the kernel's path in it. */
  readonly kernelPackage: string;
  readonly kernelPath: readonly string[];
  readonly prelinked: readonly string[];
  readonly payload: PayloadCoding;
  /**
   * 'dvd': one disk with everything. 'bootable': InstallESD.dmg starts itself. 'esd': it holds packages. 'shared-support': another
   * image takes its place.
   */
  readonly layout: 'dvd' | 'bootable' | 'esd' | 'shared-support';
}

const prelinkedKernel = ['System', 'Library', 'PrelinkedKernels', 'prelinkedkernel'];
const startupCache = ['System', 'Library', 'Caches', 'com.apple.kext.caches', 'Startup', 'kernelcache'];
const newKernel = ['System', 'Library', 'Kernels', 'kernel'];

export type ReleaseName =
  | '10.6'
  | '10.7'
  | '10.8'
  | '10.9'
  | '10.10'
  | '10.11'
  | '10.12'
  | '10.13'
  | '10.14'
  | '10.15'
  | '11';

/** Builds are made up: the number of the real series with a letter and number no Apple build had. */
export const releases: Readonly<Record<ReleaseName, Release>> = {
  '10.6': {
    app: 'Mac OS X Install DVD.dmg',
    identifier: '',
    product: 'Mac OS X',
    version: '10.6.3',
    build: '10D9999',
    darwin: '10.3.0',
    esdVolume: 'Mac OS X Install DVD',
    baseVolume: 'Mac OS X Install DVD',
    outerVolume: 'Mac OS X Install DVD',
    outerMap: 'apm-2048',
    esdMap: 'apm-2048-atapi',
    baseMap: 'apm-2048-atapi',
    baseRuns: 512,
    baseIn: 'esd',
    kernelPackage: '',
    kernelPath: ['mach_kernel'],
    prelinked: [...startupCache.slice(0, -1), 'kernelcache_x86_64.0A1B2C3D'],
    payload: 'gzip',
    layout: 'dvd',
  },
  '10.7': {
    app: 'Install Mac OS X Lion.app',
    identifier: 'com.apple.InstallAssistant.Lion',
    product: 'Mac OS X',
    version: '10.7.5',
    build: '11G9999',
    darwin: '11.4.2',
    esdVolume: 'Mac OS X Install ESD',
    baseVolume: 'Mac OS X Base System',
    outerVolume: 'Install Mac OS X',
    outerMap: 'apm-2048',
    esdMap: 'apm-2048-atapi',
    baseMap: 'apm-2048-atapi',
    baseRuns: 512,
    baseIn: 'esd',
    kernelPackage: '',
    kernelPath: ['mach_kernel'],
    prelinked: startupCache,
    payload: 'gzip',
    layout: 'bootable',
  },
  '10.8': {
    app: 'Install OS X Mountain Lion.app',
    identifier: 'com.apple.InstallAssistant.MountainLion',
    product: 'Mac OS X',
    version: '10.8.5',
    build: '12F9999',
    darwin: '12.5.0',
    esdVolume: 'Mac OS X Install ESD',
    baseVolume: 'Mac OS X Base System',
    outerVolume: 'Install Mac OS X',
    outerMap: 'apm-2048',
    esdMap: 'apm-2048',
    baseMap: 'apm-2048',
    baseRuns: 512,
    baseIn: 'esd',
    kernelPackage: '',
    kernelPath: ['mach_kernel'],
    prelinked: startupCache,
    payload: 'bzip2',
    layout: 'bootable',
  },
  '10.9': {
    app: 'Install OS X Mavericks.app',
    identifier: 'com.apple.InstallAssistant.Mavericks',
    product: 'Mac OS X',
    version: '10.9.5',
    build: '13F9999',
    darwin: '13.4.0',
    esdVolume: 'OS X Install ESD',
    baseVolume: 'OS X Base System',
    outerVolume: 'Install OS X',
    outerMap: 'apm-2048',
    esdMap: 'apm-2048',
    baseMap: 'apm-2048',
    baseRuns: 512,
    baseIn: 'esd',
    kernelPackage: 'BaseSystemBinaries.pkg',
    kernelPath: ['mach_kernel'],
    prelinked: startupCache,
    payload: 'bzip2',
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
    outerVolume: 'Install OS X',
    outerMap: 'apm-2048',
    esdMap: 'apm-2048',
    baseMap: 'apm-2048',
    baseRuns: 512,
    baseIn: 'esd',
    kernelPackage: 'Essentials.pkg',
    kernelPath: newKernel,
    prelinked: startupCache,
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
    outerVolume: 'Install OS X',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 512,
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
    outerVolume: 'Install macOS',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 512,
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
    outerVolume: 'Install macOS',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 8192,
    baseIn: 'app',
    kernelPackage: 'Core.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '10.14': {
    app: 'Install macOS Mojave.app',
    identifier: 'com.apple.InstallAssistant.Mojave',
    product: 'Mac OS X',
    version: '10.14.6',
    build: '18G9999',
    darwin: '18.7.0',
    esdVolume: 'InstallESD',
    baseVolume: 'macOS Base System',
    outerVolume: 'Install macOS',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 8192,
    baseIn: 'app',
    kernelPackage: 'Core.pkg',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'esd',
  },
  '10.15': {
    app: 'Install macOS Catalina.app',
    identifier: 'com.apple.InstallAssistant.Catalina',
    product: 'Mac OS X',
    version: '10.15.7',
    build: '19H9999',
    darwin: '19.6.0',
    esdVolume: 'InstallESD',
    baseVolume: 'macOS Base System',
    outerVolume: 'Install macOS',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 8192,
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
    outerVolume: 'Install macOS',
    outerMap: 'gpt-efi',
    esdMap: 'gpt-efi',
    baseMap: 'gpt',
    baseRuns: 8192,
    baseIn: 'app',
    kernelPackage: '',
    kernelPath: newKernel,
    prelinked: prelinkedKernel,
    payload: 'pbzx',
    layout: 'shared-support',
  },
};
