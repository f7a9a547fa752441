import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RunOptions } from '../core/step.js';
import { SourceError, UsageError } from '../errors.js';
import { fromBytes } from '../formats/bytes.js';
import type { Tree } from '../formats/entry.js';
import { DEFAULT_TEMPLATE, readBootPlist, readTemplate, templateNames, templateText } from '../guest-disk/index.js';
import { hostError } from '../host/faults.js';
import { hostTree } from '../image/hdiutil/host-tree.js';
import { buildBootPlist, fromEntries, mergeSettings, parseSetting } from '../plist/chameleon/boot-plist.js';
import { kernelKeyFault } from '../plist/chameleon/kernel-key.js';
import { settingsOf } from '../plist/chameleon/settings.js';
import { InstallerFiles } from '../source/files.js';

/** What may be said about the ISO's Chameleon plist. */
export interface BootPlistWish {
  readonly plist?: string;
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly allowUnknown?: boolean;
}

/**
 * What the recipe's write-plist is to do. A file given with --plist is checked first, by what the loader reads: VerifyError with
 * every finding. UsageError for settings the loader would not read as they are meant, before anything is begun. `version` is the
 * installer's: it decides where the loader looks for the kernel that `Kernel` names.
 */
export async function chooseBootPlist(
  wish: BootPlistWish,
  version: string,
): Promise<NonNullable<RunOptions['bootPlist']>> {
  const { plist, unset = [], allowUnknown = false } = wish;
  const set = fromEntries((wish.set ?? []).map((text) => parseSetting(text, { allowUnknown })));
  if (plist === 'none') {
    if (Object.keys(set).length > 0)
      throw new UsageError('--plist none writes no plist, --set sets something in it: give one of them.');
    return 'none';
  }
  const base = plist === undefined ? undefined : settingsOf(await readBootPlist(plist), plist);
  // What cannot be written is said now, not after an hour.
  const known = { allowUnknown: allowUnknown || base !== undefined };
  const settings = mergeSettings(base ?? (await readTemplate(DEFAULT_TEMPLATE)), set, unset);
  buildBootPlist(settings, known);
  const kernel = settings['Kernel'];
  const fault = kernel === undefined ? undefined : kernelKeyFault(version, kernel);
  if (fault !== undefined)
    throw new UsageError(`Kernel=${kernel} does not start ${version}: ${fault}.`, '--unset Kernel');
  return { ...(base && { base }), set, unset, ...known };
}

/** A host folder for /Extra, as a tree. UsageError where there is none. */
export async function extraFolder(path: string): Promise<Tree> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new UsageError(`--extra ${path}: expected a folder, found ${found ? 'a file' : 'nothing'}.`);
  }
  await readdir(path).catch((error: unknown) => {
    throw hostError(error, `--extra ${path}`, SourceError, { doing: 'read' });
  });
  return hostTree(path, basename(path));
}

/** The plists that come with osx-iso: `templates:` in a recipe. */
export async function openTemplates(): Promise<InstallerFiles> {
  const files = new InstallerFiles('templates');
  for (const name of await templateNames()) {
    files.add(`${name}.plist`, fromBytes(await templateText(name), `${name}.plist`));
  }
  return files;
}
