import { mkdir, realpath, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Journal } from '../core/journal.js';
import { ownName } from '../core/own-folder.js';
import type { Scope } from '../core/scope.js';
import { quoteForSh } from '../host/quote.js';
import { removeMountPoint } from '../image/hdiutil/mount-point.js';
import { findHdiutil, Hdiutil, type Runner } from '../image/hdiutil/program.js';
import { HdiutilTool } from '../image/hdiutil.js';
import { NativeTool } from '../image/native.js';
import type { ImageTool } from '../image/types.js';

export type EngineName = 'hdiutil' | 'native';

/** An engine, ready to work; `close` when the run is over. */
export type Engine = ImageTool & { close(): Promise<void> };

/** What replaces parts of the host; for tests that are not root. */
export interface EngineParts {
  readonly runner?: Runner;
  readonly chown?: (path: string, uid: number, gid: number) => Promise<void>;
}

/** hdiutil on a Mac, our own elsewhere, unless the user says otherwise. */
export function chooseEngine(given: EngineName | undefined): EngineName {
  return given ?? (process.platform === 'darwin' ? 'hdiutil' : 'native');
}

/** The folder in which the hdiutil engine makes its scratch folder. */
export function scratchParent(output: string, workDir: string | undefined): string {
  return workDir ?? dirname(output);
}

/**
 * Opens the engine. The hdiutil one takes two private folders for it, each written down first and given back by the scope: for the
 * sparse image, and apart from it for mount points, so that what is removed with all its content never has a volume in it.
 */
export async function openEngine(
  name: EngineName,
  where: { output: string; workDir?: string | undefined; keepWork: boolean; journal: Journal; scope: Scope },
  parts: EngineParts = {},
): Promise<Engine> {
  if (name === 'native') return new NativeTool();
  const { journal, scope, keepWork } = where;
  const program = new Hdiutil(await findHdiutil(), parts.runner);
  const own = ownName();
  const scratch = join(scratchParent(where.output, where.workDir), `.${own}`);
  const scratchEntry = await scope.announce({ kind: 'folder', path: scratch });
  await mkdir(scratch, { mode: 0o700 });
  scope.scratch('remove the scratch folder', () => (keepWork ? removeIfEmpty(scratch) : removeFolder(scratch)), {
    command: `rm -r ${quoteForSh(scratch)}`,
    entry: scratchEntry,
  });
  const mounts = join(await realpath(tmpdir()), own);
  const mountsEntry = await scope.announce({ kind: 'mounts', path: mounts });
  await mkdir(mounts, { mode: 0o700 });
  scope.scratch('remove the folder of mount points', () => removeMountPoint(mounts), {
    command: `rmdir ${quoteForSh(mounts)}`,
    entry: mountsEntry,
  });
  return new HdiutilTool({ program, journal, scratch, mounts, keepWork, ...(parts.chown && { chown: parts.chown }) });
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error;
  }
}
