import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, SourceError } from '../errors.js';
import { type Disk, openDisk } from '../formats/disk.js';
import { looksLikeFat } from '../formats/fat/index.js';
import { hostError } from '../host/faults.js';
import type { HostFile } from '../host/host-file.js';
import { openGiven } from '../host/open-given.js';
import { quoteFile } from '../host/quote.js';
import { foreign } from './foreign.js';
import { isPackage } from './unwrap.js';

/** What a finished ISO is opened for. */
type Purpose = 'verify' | 'boot';

/**
 * Opens what is given as a finished ISO, looked at by the same eyes as an installer: SourceError that says what an app, a folder, a web
 * page, a guest's disk, an archive or an installer's own image is, and what to type; HostError for a file that may not be read. What may
 * be a damaged ISO is opened: its checks tell more.
 */
export async function openIso(
  path: string,
  purpose: Purpose,
  { signal }: { readonly signal: AbortSignal },
): Promise<HostFile> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw await folderInstead(path, purpose);
  const file = await openGiven(path, { signal });
  try {
    const other = await notAnIso(path, file, purpose);
    if (other) throw other;
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

const EXPECTED = { verify: 'a finished ISO', boot: "an installer's ISO" } as const;
const MAKE = { verify: 'Make the ISO of it, which is proved on the way', boot: 'Make the ISO of it first' } as const;

function installerInstead(path: string, purpose: Purpose, found: string): SourceError {
  return new SourceError(`${path}: expected ${EXPECTED[purpose]}, found ${found}.`, {
    hint: `${MAKE[purpose]}: osx-iso build ${quoteFile(path)}`,
  });
}

/** An app, a folder with the ISO in it, any other folder. */
async function folderInstead(path: string, purpose: Purpose): Promise<SourceError> {
  const names = await readdir(path).catch((error: unknown) => {
    throw hostError(error, path, SourceError, { doing: 'read' });
  });
  if (names.includes('Contents')) return installerInstead(path, purpose, 'an installer app');
  if (names.includes('InstallESD.dmg')) return installerInstead(path, purpose, 'a folder with InstallESD.dmg');
  const isos = names.filter((name) => /\.(iso|cdr)$/i.test(name));
  const first = isos[0] === undefined ? undefined : quoteFile(join(path, isos[0]));
  const which = isos.length > 1 ? `one of the ${isos.length} in it` : 'the one in it';
  return new SourceError(`${path}: expected ${EXPECTED[purpose]}, found a folder.`, {
    hint:
      first === undefined
        ? 'No ISO is in it. osx-iso build makes one of an installer.'
        : `Give ${which}: osx-iso ${purpose} ${first}`,
  });
}

async function notAnIso(path: string, file: HostFile, purpose: Purpose): Promise<SourceError | undefined> {
  if (await isPackage(file)) return installerInstead(path, purpose, 'an installer package');
  let disk: Disk;
  try {
    disk = await openDisk(file);
  } catch (error) {
    // Damaged: the checks say where, of a file that shows nothing of a disk.
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  if (disk.kind !== 'raw') {
    return purpose === 'boot' ? installerInstead(path, purpose, 'a compressed disk image') : undefined;
  }
  if (disk.map.scheme !== 'none' || (await holdsVolume(file))) return undefined;
  // A damaged ISO is for its checks to tell.
  return foreign(path, file, { purpose, unknown: false });
}

/** Bytes at which an HFS+ volume's header lies, which begins with "H+" or "HX". */
const HFS_HEADER = 1024;

async function holdsVolume(file: HostFile): Promise<boolean> {
  const head = await file.read(0, Math.min(HFS_HEADER + 2, file.size));
  const signature = Buffer.from(head.subarray(HFS_HEADER)).toString('latin1');
  return signature === 'H+' || signature === 'HX' || (head.length >= 512 && looksLikeFat(head.subarray(0, 512)));
}
