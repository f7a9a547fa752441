import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explain } from '../core/explain.js';
import type { Journal } from '../core/journal.js';
import { backupName, replaceFile } from '../core/replace-file.js';
import { StepError, UsageError } from '../errors.js';
import { readHostFile } from '../host/read-file.js';
import { BOOT_PLIST_FOLDER, BOOT_PLIST_NAME } from '../plist/chameleon/boot-plist.js';
import { BOOT_PLIST_FILE } from '../plist/chameleon/intended.js';
import { composePlist, type PlistRequest } from './compose.js';
import { explained } from './explained.js';

export interface MountedOptions {
  /** Where the volume is mounted. */
  readonly volume: string;
  /** Where everything unfinished is written down before it is made. */
  readonly journal: Journal;
  /** Any folder will do. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** One thing done on a mounted volume, or that would be; paths of the host. */
export interface MountedChange {
  readonly what: 'add' | 'replace' | 'keep' | 'remove' | 'touch';
  readonly path: string;
  /** What is written there. */
  readonly text?: string;
}

/** Puts the plist into the /Extra of a mounted volume, at once and whole; what was there stays beside it as .bak. */
export async function installMounted(
  options: MountedOptions,
  request: PlistRequest,
): Promise<readonly MountedChange[]> {
  const { dryRun = false, journal } = options;
  const root = await volumeRoot(options);
  const folder = join(root, BOOT_PLIST_FOLDER);
  const path = join(folder, BOOT_PLIST_NAME);
  const changes: MountedChange[] = [];
  const extra = await lstat(folder).catch(absent);
  // A link would lead out of the volume, to the host's own /Extra.
  if (extra && !extra.isDirectory()) throw new StepError(`${folder} is there, but it is no folder.`);
  const old = await existing(path);
  const text = composePlist(request, old && { bytes: old.bytes, name: path });
  if (old?.bytes.equals(Buffer.from(text, 'latin1')) && old.stored === BOOT_PLIST_NAME) return [];
  if (!extra) {
    changes.push({ what: 'add', path: folder });
    if (!dryRun) await explained(folder, () => mkdir(folder, { mode: 0o755 }));
  }
  if (old) {
    const backup = await freeBackup(folder);
    changes.push({ what: 'keep', path: backup });
    if (!dryRun) await explained(backup, () => keep(join(folder, old.stored), backup));
  }
  changes.push({ what: old ? 'replace' : 'add', path, text });
  if (!dryRun)
    await explained(path, () =>
      replaceFile(path, Buffer.from(text, 'latin1'), { journal, stored: old?.stored, noLink: true }),
    );
  return changes;
}

/** The folder given, if it is where a volume is mounted. UsageError for any other, unless forced. */
export async function volumeRoot({ volume, force = false }: Pick<MountedOptions, 'volume' | 'force'>): Promise<string> {
  const root = await realpath(volume).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT'
      ? new UsageError(`${volume}: no such folder. Is the volume mounted?`)
      : explain(error, volume);
  });
  const own = await lstat(root);
  if (!own.isDirectory()) throw new UsageError(`${volume}: expected the folder of a mounted volume, found a file.`);
  if (force) return root;
  if (dirname(root) === root) {
    throw new UsageError(`${root} is this computer's own system, not a guest's.`, '--force does it all the same.');
  }
  if ((await lstat(dirname(root))).dev === own.dev) {
    throw new UsageError(
      `${volume} is a folder inside a volume, not the root of one: the boot loader would never look there.`,
      'Give the folder where the volume is mounted; --force writes here all the same.',
    );
  }
  return root;
}

/** The plist that is there, and its name as the volume has it. */
async function existing(path: string): Promise<{ bytes: Buffer; stored: string } | undefined> {
  const there = await lstat(path).catch(absent);
  if (!there) return undefined;
  if (!there.isFile()) throw new StepError(`${path} is there, but it is no file.`);
  const names = await readdir(dirname(path));
  const stored = names.includes(BOOT_PLIST_NAME)
    ? BOOT_PLIST_NAME
    : names.find((name) => name.toLowerCase() === BOOT_PLIST_NAME.toLowerCase());
  return {
    bytes: Buffer.from(await readHostFile(path, BOOT_PLIST_FILE, { noLink: true })),
    stored: stored ?? BOOT_PLIST_NAME,
  };
}

async function freeBackup(folder: string): Promise<string> {
  for (let i = 1; ; i++) {
    const backup = join(folder, backupName(BOOT_PLIST_NAME, i));
    if (!(await lstat(backup).catch(absent))) return backup;
  }
}

async function keep(path: string, backup: string): Promise<void> {
  await copyFile(path, backup, constants.COPYFILE_EXCL);
  const handle = await open(backup, 'r');
  await handle.sync().finally(() => handle.close());
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw explain(error);
}
