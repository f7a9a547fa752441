import { NEW_KERNEL, OLD_KERNEL } from './plist/chameleon/kernel-key.js';

/** What differs between the releases, as data. Sources: the tables of recipes and of Chameleon's lookups in the project's facts. */
export interface Release {
  /** The first two parts of ProductVersion: "10.10". */
  readonly version: string;
  readonly name: string;
  /** Where the release's boot loader looks for the kernel, a POSIX path. */
  readonly kernel: string;
  /**
   * Where Chameleon looks for a kernel cache, which it prefers unless the kernel or Extensions is newer (code; measured with Enoch
   * r2839). Absent: 10.6 names its caches by a checksum. The plist's or the system's `Kernel Cache` goes before this. Apple's own
   * 10.10.5 has Startup/kernelcache and an empty PrelinkedKernels (measured), so there the kernel itself is taken.
   */
  readonly cache?: string;
  /** Where a finished medium has the packages: the first of these folders that is there. */
  readonly packages: readonly string[];
  /** BaseSystem.dmg and its chunklist, in the root or in /System/Installation: the installer calls itself damaged without ('needed'), or does not. */
  readonly baseSystem: 'needed' | 'optional' | 'none';
  /** The medium is Apple's own disk, copied whole: what it lacks, it lacks as it was sold. */
  readonly whole: boolean;
}

const STARTUP = '/System/Library/Caches/com.apple.kext.caches/Startup/kernelcache';
const PRELINKED = '/System/Library/PrelinkedKernels/prelinkedkernel';
const ON_BASE = '/System/Installation/Packages';

const BEFORE_10_9 = { kernel: OLD_KERNEL, cache: STARTUP, whole: true } as const;
const FROM_10_10 = {
  kernel: NEW_KERNEL,
  cache: PRELINKED,
  packages: [ON_BASE],
  baseSystem: 'needed',
  whole: false,
} as const;

export const releases: readonly Release[] = [
  // The retail DVD: 48 flat packages in the first (measured); the second is what media made of it by others have (reported).
  {
    version: '10.6',
    name: 'Snow Leopard',
    kernel: OLD_KERNEL,
    packages: [ON_BASE, '/Packages'],
    baseSystem: 'none',
    whole: true,
  },
  // InstallESD.dmg itself.
  { version: '10.7', name: 'Lion', ...BEFORE_10_9, packages: ['/Packages'], baseSystem: 'needed' },
  { version: '10.8', name: 'Mountain Lion', ...BEFORE_10_9, packages: ['/Packages'], baseSystem: 'needed' },
  {
    version: '10.9',
    name: 'Mavericks',
    kernel: OLD_KERNEL,
    cache: STARTUP,
    packages: [ON_BASE],
    baseSystem: 'optional',
    whole: false,
  },
  { version: '10.10', name: 'Yosemite', ...FROM_10_10 },
  { version: '10.11', name: 'El Capitan', ...FROM_10_10 },
  { version: '10.12', name: 'Sierra', ...FROM_10_10 },
  { version: '10.13', name: 'High Sierra', ...FROM_10_10 },
  { version: '10.14', name: 'Mojave', ...FROM_10_10 },
  { version: '10.15', name: 'Catalina', ...FROM_10_10 },
];

/** What Apple calls the installer of a release: "Install OS X Yosemite". One name for all forms in which people have it. */
export function installerTitle(version: string): string {
  return `Install ${releaseTitle(majorVersion(version)).replace(/ [0-9.]+(?= )/, '')}`;
}

/** "10.10" of "10.10.5", "11" of "11.7". */
export function majorVersion(version: string): string {
  const [first = '', second = ''] = version.split('.');
  return first === '10' ? `${first}.${second}` : first;
}

/** "OS X 10.10.5 Yosemite (14F27)", as far as it is known. */
export function releaseTitle(version: string, build?: string): string {
  const major = majorVersion(version);
  const [, minor = '0'] = major.split('.');
  const family = !major.startsWith('10.') || Number(minor) >= 12 ? 'macOS' : Number(minor) >= 8 ? 'OS X' : 'Mac OS X';
  const name = releaseOf(version)?.name;
  return `${family} ${version}${name ? ` ${name}` : ''}${build ? ` (${build})` : ''}`;
}

export function releaseOf(version: string): Release | undefined {
  return releases.find((release) => release.version === majorVersion(version));
}
