import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { SourceError } from '../errors.js';
import { openGiven } from '../open-given.js';
import type { InstallerFiles } from './files.js';
import { BASE_SYSTEM, CHUNKLIST, ESD, SHARED_SUPPORT } from './paths.js';

/** The files of SharedSupport that recipes may ask for. */
const WANTED = [ESD, BASE_SYSTEM, CHUNKLIST].map((path) => basename(path));

/** What a folder turned out to be. */
export interface FolderKind {
  readonly kind: 'app' | 'folder';
  /** What the ISO is named after; undefined: after the release. */
  readonly title?: string;
}

/** Opens the disk images of an installer app, or of a folder that holds them. SourceError that says what was found instead. */
export async function openFolder(path: string, files: InstallerFiles): Promise<FolderKind> {
  const contents = await readdir(path);
  if (contents.includes('InstallESD.dmg')) {
    await addFrom(path, contents, files);
    return { kind: 'folder' };
  }
  if (!contents.includes('Contents')) {
    const shown = contents.length === 0 ? 'nothing' : contents.slice(0, 5).join(', ');
    throw new SourceError(`${path}: expected an installer app or a folder with InstallESD.dmg, found neither.`, {
      hint: `It holds ${shown}. Give the path of the installer app itself.`,
    });
  }
  const support = join(path, SHARED_SUPPORT);
  const supported = await readdir(support).catch(() => undefined);
  if (!supported) {
    throw new SourceError(`${path}: expected ${SHARED_SUPPORT} with the system inside, found a stub of an installer.`, {
      hint: 'A stub (some 20 MB) downloads the rest while it installs. Get the full installer, some 5 GB.',
    });
  }
  if (!supported.includes('InstallESD.dmg')) throw withoutEsd(path, supported);
  await addFrom(support, supported, files);
  return { kind: 'app', title: basename(path, extname(path)) };
}

async function addFrom(folder: string, names: readonly string[], files: InstallerFiles): Promise<void> {
  for (const name of WANTED) {
    if (names.includes(name)) files.add(`${SHARED_SUPPORT}/${name}`, files.hold(await openGiven(join(folder, name))));
  }
}

function withoutEsd(path: string, supported: readonly string[]): SourceError {
  if (supported.includes('SharedSupport.dmg')) {
    return new SourceError(
      `${path}: found SharedSupport.dmg: this is macOS 11 or later, which no recipe of this kind can make.`,
      { hint: "From macOS 11 on only Apple's own createinstallmedia, on a Mac, makes installer disks." },
    );
  }
  return new SourceError(`${path}: expected ${ESD}, found ${supported.join(', ') || 'an empty folder'}.`, {
    hint: 'The installer is incomplete: download it again.',
  });
}
