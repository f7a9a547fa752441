import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { FILE_KIND_HEAD, type FileKind, fileKind } from '../formats/file-kind.js';
import { quoteFile } from '../host/quote.js';
import { cutShort } from './misfits.js';

/** What a file is wanted for: the command that was given it. */
export type Purpose = 'build' | 'inspect' | 'verify' | 'boot';

const WANTED: Readonly<Record<Purpose, string>> = {
  build: 'an installer',
  inspect: 'a disk image or a package',
  verify: 'a finished ISO',
  boot: "an installer's ISO",
};

const OTHERWISE: Readonly<Record<Purpose, string>> = {
  build: 'Give "Install OS X Yosemite.app", its InstallESD.dmg, or InstallMacOSX.dmg from Apple\'s support pages.',
  inspect: 'It reads .dmg, .iso, .cdr, .sparseimage, raw disks, .pkg, and installer apps.',
  verify: 'Give the ISO that osx-iso build has made.',
  boot: 'Give the ISO that osx-iso build has made; an installed guest starts by --disk FILE alone.',
};

/** What is asked about a file that could not be opened. */
export interface ForeignQuestion {
  readonly purpose: Purpose;
  /** Nothing speaks for a damaged image: what is known to be nothing else is "neither". */
  readonly unknown: boolean;
}

/**
 * The words for a file that is neither disk image nor package, though some other thing, and what to type instead; undefined where it
 * may be a damaged one.
 */
export async function foreign(
  path: string,
  file: ByteSource,
  { purpose, unknown }: ForeignQuestion,
): Promise<SourceError | undefined> {
  if (file.size === 0) return cutShort(path, 'it is empty');
  const kind = fileKind(await file.read(0, Math.min(FILE_KIND_HEAD, file.size)));
  if (!kind && !unknown) return undefined;
  const found = kind?.what ?? (purpose === 'inspect' ? 'neither' : 'a file that is neither a disk image nor a package');
  return new SourceError(`${path}: expected ${WANTED[purpose]}, found ${found}.`, {
    hint: (kind && nextFor(kind, path, purpose)) ?? OTHERWISE[purpose],
  });
}

function nextFor({ kind, unpack }: FileKind, path: string, purpose: Purpose): string | undefined {
  if (unpack) {
    const content = purpose === 'build' ? 'the installer app or its InstallESD.dmg' : 'the disk image';
    return `Unpack it, and give what was in it, ${content}:\n  ${unpack} ${quoteFile(path)}`;
  }
  if (kind === 'page')
    return 'Look at it (it may ask to sign in, or say that the file has moved), and get the file again.';
  if (kind === 'manifest') return `Give what it describes: ${quoteFile(path.replace(/\.json$/, ''))}`;
  if (kind !== 'vm-disk') return undefined;
  if (purpose === 'boot') return `A guest's disk is given by its option: osx-iso boot --disk ${quoteFile(path)}`;
  if (purpose === 'verify') return `It is a guest's disk: osx-iso boot --disk ${quoteFile(path)} starts it.`;
  if (purpose === 'build') return undefined;
  return `Look into a raw copy of it: qemu-img convert -O raw ${quoteFile(path)} disk.img`;
}
