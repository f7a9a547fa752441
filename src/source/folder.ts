import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SourceError } from '../errors.js';
import { hostCode, hostError } from '../host/faults.js';
import { openGiven } from '../host/open-given.js';
import type { InstallerFiles } from './files.js';
import { brokenSierra, cutShort, madeStick, recoveryOnly, stub, tooNew, unfinished } from './misfits.js';
import { COMPANIONS, SHARED_SUPPORT } from './paths.js';
import { isBrokenSierra } from './witnesses.js';

/** What a folder turned out to be. */
export interface FolderKind {
  readonly kind: 'app' | 'folder';
  /** The file that leads to InstallESD.dmg. */
  readonly file: string;
  /** The installer's own name, whatever the folder it lay in is called. */
  readonly name: string;
}

/** How files are read: until the signal aborts. */
interface Reading {
  readonly signal?: AbortSignal;
}

/** What leads to InstallESD.dmg in a folder of somebody's, in this order. */
const LEADS = [
  'InstallESD.dmg',
  'InstallESDDmg.pkg',
  'InstallMacOSX.dmg',
  'InstallOS.dmg',
  'InstallMacOSX.pkg',
  'InstallOS.pkg',
];

/** Looks at an installer app, or at a folder that holds one or its parts. SourceError that says what was found instead. */
export async function openFolder(path: string, files: InstallerFiles, reading: Reading = {}): Promise<FolderKind> {
  const half = unfinished(path);
  if (half) throw half;
  const contents = await readdir(path).catch((error: unknown) => {
    throw hostError(error, path, SourceError, { doing: 'read' });
  });
  if (contents.includes('.IABootFiles')) throw madeStick(path, basename(path));
  if (contents.includes('Contents')) return openApp(path, files, reading);
  const apps = contents.filter((name) => /^Install .*\.app$/i.test(name));
  if (apps.length === 1) return openFolder(join(path, apps[0]!), files, reading);
  if (apps.length > 1) {
    throw new SourceError(`${path}: expected one installer app, found ${apps.join(', ')}.`, {
      hint: 'Give one of them.',
    });
  }
  const lead = LEADS.find((name) => contents.includes(name));
  if (lead !== undefined) {
    await addCompanions(path, files, reading);
    return { kind: 'folder', file: join(path, lead), name: lead };
  }
  if (contents.includes('SharedSupport.dmg')) throw tooNew(path);
  for (const name of contents) {
    const early = unfinished(name);
    if (early && LEADS.some((wanted) => name.startsWith(wanted))) throw unfinished(join(path, name))!;
  }
  if (contents.includes('Packages')) {
    throw new SourceError(`${path}: expected InstallESD.dmg, found the content of one, mounted or copied.`, {
      hint: 'Give the disk image itself: a copy of its files has lost what makes it start.',
    });
  }
  if (contents.includes('BaseSystem.dmg')) throw recoveryOnly(path, 'a Base System without it');
  const shown = contents.length === 0 ? 'nothing' : contents.slice(0, 5).join(', ');
  throw new SourceError(`${path}: expected an installer app or a folder with InstallESD.dmg, found neither.`, {
    hint: `It holds ${shown}. Give the path of the installer app itself.`,
  });
}

async function openApp(path: string, files: InstallerFiles, reading: Reading): Promise<FolderKind> {
  const info = await openGiven(join(path, 'Contents', 'Info.plist'), reading).catch(() => undefined);
  try {
    if (info && (await isBrokenSierra(info))) throw brokenSierra(path);
  } finally {
    await info?.close();
  }
  const support = join(path, SHARED_SUPPORT);
  const supported = await readdir(support).catch((error: unknown) => {
    const absent = hostCode(error) === 'ENOENT' || hostCode(error) === 'ENOTDIR';
    throw absent ? stub(path) : hostError(error, support, SourceError, { doing: 'read' });
  });
  if (!supported.includes('InstallESD.dmg')) throw withoutEsd(path, supported);
  await addCompanions(support, files, reading);
  const name = basename(path);
  return { kind: 'app', file: join(support, 'InstallESD.dmg'), name };
}

/** What lies beside InstallESD.dmg in a folder of the host. */
export async function addCompanions(folder: string, files: InstallerFiles, reading: Reading = {}): Promise<void> {
  const names = await readdir(folder);
  for (const name of COMPANIONS) {
    if (!names.includes(name)) continue;
    files.add(`${SHARED_SUPPORT}/${name}`, files.hold(await openGiven(join(folder, name), reading)));
  }
}

function withoutEsd(path: string, supported: readonly string[]): SourceError {
  if (supported.includes('SharedSupport.dmg')) return tooNew(path);
  if (supported.some((name) => name.startsWith('InstallESD.dmg.'))) {
    return cutShort(
      path,
      `its InstallESD.dmg is still called ${supported.find((name) => name.startsWith('InstallESD.dmg.'))}`,
    );
  }
  return new SourceError(
    `${path}: expected ${SHARED_SUPPORT}/InstallESD.dmg, found ${supported.join(', ') || 'an empty folder'}.`,
    {
      hint: 'The installer is incomplete: download it again.',
    },
  );
}
