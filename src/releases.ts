/** What differs between the releases, as data. Sources: the tables of recipes and of Chameleon's lookups in the project's facts. */
export interface Release {
  /** The first two parts of ProductVersion: "10.10". */
  readonly version: string;
  readonly name: string;
  /** Where the release's boot loader looks for the kernel, POSIX paths, in its order. */
  readonly kernels: readonly string[];
  /** Where a finished medium has the packages, and what must be among them. */
  readonly packages: string;
  /** Files every finished medium has besides. */
  readonly required: readonly string[];
}

const BASE_SYSTEM = ['/BaseSystem.dmg', '/BaseSystem.chunklist'];

export const releases: readonly Release[] = [
  {
    version: '10.10',
    name: 'Yosemite',
    kernels: ['/System/Library/Kernels/kernel'],
    packages: '/System/Installation/Packages',
    required: BASE_SYSTEM,
  },
];

/** Names of all releases an installer may be of, also of those there is no recipe for. */
const NAMES: Readonly<Record<string, string>> = {
  '10.6': 'Snow Leopard',
  '10.7': 'Lion',
  '10.8': 'Mountain Lion',
  '10.9': 'Mavericks',
  '10.10': 'Yosemite',
  '10.11': 'El Capitan',
  '10.12': 'Sierra',
  '10.13': 'High Sierra',
  '10.14': 'Mojave',
  '10.15': 'Catalina',
};

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
  const name = NAMES[major];
  return `${family} ${version}${name ? ` ${name}` : ''}${build ? ` (${build})` : ''}`;
}

export function releaseOf(version: string): Release | undefined {
  return releases.find((release) => release.version === majorVersion(version));
}
