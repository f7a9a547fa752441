import { majorVersion } from '../releases.js';

/** How a fact is known: measured with the real program, read in its source, reported in a thread, or concluded from the others. */
export type Evidence = 'measured' | 'code' | 'reported' | 'inferred';

/** A limit, and how it is known. */
export interface Limit<T> {
  readonly is: T;
  readonly known: Evidence;
}

/** As what a disk with a map of one form can be attached so that the loader sees its volume. */
export type SeenAs = 'disk and CD' | 'disk' | 'CD' | 'nothing';

/**
 * The forms of maps that differ for readers. `apm2048`: blocks of 2048 or more, everything counted in them; `old-school`: the
 * descriptor says 2048, the entries are 512 apart and count in 512.
 */
export type MapForm = 'apm512' | 'apm2048' | 'old-school' | 'gpt' | 'mbr' | 'none';

export type LoaderId = 'chameleon' | 'boot1h' | 'opencore' | 'virtualbox' | 'grub' | 'xnu';

/** What a loader looks at on the volume. `system`: SystemVersion.plist and com.apple.Boot.plist; `boot`: Chameleon's own second stage. */
export type BootFile = 'system' | 'plist' | 'kernel' | 'cache' | 'extra' | 'boot.efi' | 'boot';

/** What one reader of our volumes cannot do. What is left out is no limit of it. */
export interface Loader {
  readonly id: LoaderId;
  readonly name: string;
  readonly reads: readonly BootFile[];
  /** Sectors of 512 bytes it reads at once, also past the end of the disk, where the reading fails. */
  readonly readAhead?: Limit<number>;
  readonly signatures: Limit<readonly ('H+' | 'HX')[]>;
  /** Bytes of an allocation block. */
  readonly blockSize?: Limit<{ readonly min: number; readonly max: number }>;
  /** Most bytes of a B-tree node. */
  readonly nodeSize?: Limit<number>;
  /** Most extents of a fork; without it all are found, those in the extents overflow file too. */
  readonly extents?: Limit<number>;
  /** Whether it decodes decmpfs; the others see an empty file. */
  readonly compressed: Limit<boolean>;
  readonly hardLinks: Limit<boolean>;
  readonly symlinks: Limit<boolean>;
  /** Characters of the volume's name it has room for. */
  readonly label?: Limit<number>;
  /** Most bytes of a file it loads, where that is less than it may be. */
  readonly fileSize?: Limit<number>;
  /** It finds the volume by the UUID that is made of finderInfo's bytes 24 to 31: there are none without. */
  readonly needsUuid?: Limit<true>;
  /** Absent where others say where its volume is. */
  readonly maps?: Readonly<Record<MapForm, Limit<SeenAs>>>;
}

/**
 * Sectors of 512 bytes that Chameleon and its kin (Enoch, boot-132, RevoBoot, boot1h) read at once from the one they want, without
 * ever stopping at the end of the disk (measured with Enoch r2839, code: i386/libsaio/disk.c). So a sector S that a loader may read
 * needs S + 64 ≤ sectors of the disk.
 */
export const READ_AHEAD_SECTORS = 64;

const code = <T>(is: T): Limit<T> => ({ is, known: 'code' });
const measured = <T>(is: T): Limit<T> => ({ is, known: 'measured' });
const inferred = <T>(is: T): Limit<T> => ({ is, known: 'inferred' });
const BOTH = ['H+', 'HX'] as const;
const MIB = 1 << 20;

/** Every loader that starts our disks, and XNU itself, which has to find its root device on them. */
export const LOADERS: Readonly<Record<LoaderId, Loader>> = {
  // i386/libsaio/disk.c, hfs.c, sys.c; Enoch r2839 under QEMU.
  chameleon: {
    id: 'chameleon',
    name: 'Chameleon',
    reads: ['system', 'plist', 'kernel', 'cache', 'extra'],
    readAhead: measured(READ_AHEAD_SECTORS),
    signatures: measured(BOTH),
    // Its cache of nodes wants at most 32,768, and it does without for larger ones.
    blockSize: measured({ min: 512, max: 65_536 }),
    compressed: code(false),
    hardLinks: code(true),
    symlinks: code(false),
    label: code(36),
    fileSize: code(64 * MIB),
    maps: {
      apm512: measured('disk'),
      apm2048: measured('disk'),
      'old-school': code('nothing'),
      gpt: measured('disk'),
      mbr: code('disk'),
      none: measured('nothing'),
    },
  },
  // Chameleon's boot sector on a disk's own volume: it loads /boot.
  boot1h: {
    id: 'boot1h',
    name: 'boot1h',
    reads: ['boot'],
    readAhead: code(READ_AHEAD_SECTORS),
    signatures: inferred(BOTH),
    nodeSize: code(16_384),
    compressed: inferred(false),
    hardLinks: inferred(false),
    symlinks: inferred(false),
    fileSize: code(480 * 1024 - 512),
  },
  // OpenCorePkg: OpenHfsPlus, OpenPartitionDxe; OpenCore 1.0.5 on OVMF. boot.efi reads the kernel through the same driver.
  opencore: {
    id: 'opencore',
    name: 'OpenCore',
    reads: ['system', 'boot.efi', 'kernel', 'cache'],
    signatures: code(['H+']),
    extents: measured(8),
    compressed: code(false),
    hardLinks: code(true),
    symlinks: code(true),
    maps: {
      apm512: measured('disk and CD'),
      apm2048: measured('disk and CD'),
      'old-school': inferred('disk and CD'),
      gpt: measured('disk'),
      mbr: inferred('disk'),
      none: inferred('nothing'),
    },
  },
  // The driver of VirtualBox's firmware, which rEFInd has, too.
  virtualbox: {
    id: 'virtualbox',
    name: "VirtualBox's firmware",
    reads: ['boot.efi', 'kernel', 'cache'],
    signatures: code(BOTH),
    extents: inferred(8),
    compressed: code(false),
    hardLinks: code(false),
    symlinks: code(false),
    maps: {
      apm512: code('disk and CD'),
      apm2048: code('CD'),
      'old-school': inferred('CD'),
      gpt: code('disk and CD'),
      mbr: inferred('disk'),
      none: inferred('nothing'),
    },
  },
  grub: {
    id: 'grub',
    name: 'GRUB',
    reads: ['kernel', 'cache'],
    signatures: code(BOTH),
    // With its module hfspluscomp it does.
    compressed: code(false),
    hardLinks: code(false),
    symlinks: code(true),
    maps: {
      apm512: measured('disk and CD'),
      apm2048: code('disk and CD'),
      'old-school': inferred('disk and CD'),
      gpt: measured('disk and CD'),
      mbr: code('disk'),
      none: inferred('disk and CD'),
    },
  },
  // IOStorageFamily and the root lookup of 10.5 to 10.15.
  xnu: {
    id: 'xnu',
    name: 'the kernel',
    reads: [],
    signatures: code(BOTH),
    compressed: code(true),
    hardLinks: code(true),
    symlinks: code(true),
    needsUuid: code(true),
    maps: {
      apm512: code('disk and CD'),
      apm2048: measured('disk and CD'),
      'old-school': code('disk and CD'),
      gpt: code('disk and CD'),
      mbr: inferred('disk'),
      none: inferred('disk and CD'),
    },
  },
};

/** What people give to start a release. Enoch is the Chameleon that knows 10.12. */
export type Starter = 'chameleon' | 'enoch' | 'opencore';

/**
 * What starts which release, what is usual first: whoever chooses nothing gets that. Chameleon up to 10.11, Enoch up to 10.12
 * (reported; measured for 10.7 to 10.12 with Enoch r2839 up to the kernel); OpenCore all from 10.6 on (reported; measured with 1.0.5
 * up to boot.efi).
 */
export const STARTERS: readonly { readonly release: string; readonly by: readonly Starter[] }[] = [
  ...['10.6', '10.7', '10.8', '10.9', '10.10', '10.11'].map((release) => ({
    release,
    by: ['chameleon', 'opencore'] as const,
  })),
  { release: '10.12', by: ['enoch', 'opencore'] },
];

/** What starts a version ("10.10", "10.10.5"), what is usual first; of one that is not in the table OpenCore. */
export function startersOf(version: string): readonly Starter[] {
  const wanted = majorVersion(version);
  return STARTERS.find(({ release }) => release === wanted)?.by ?? ['opencore'];
}

/** The loader a version is started with by default, where nobody chooses another. */
export function defaultLoader(version: string): LoaderId {
  return startersOf(version)[0] === 'opencore' ? 'opencore' : 'chameleon';
}
