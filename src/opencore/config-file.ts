import { lstat } from 'node:fs/promises';
import type { Journal } from '../core/journal.js';
import { keepBeside, replaceFile } from '../core/replace-file.js';
import { StepError, UsageError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { openGiven } from '../host/open-given.js';
import { expectPlace } from '../host/place.js';
import { readHostFile } from '../host/read-file.js';
import {
  CONFIG_PLIST,
  type ConfigReport,
  checkConfig,
  fixConfig,
  type JudgeOptions,
  type Medium,
} from '../plist/opencore/index.js';
import { seenBy } from '../verify/loaders/seen-by.js';
import { aroundConfig } from './index.js';

/** What a config.plist is judged by. */
export interface ConfigCheckOptions {
  /** A disk that it is to start. */
  readonly iso?: string;
  /** OpenCore's version, "1.0.5"; default: that of the OpenCore it lies beside. */
  readonly version?: string;
  readonly signal: AbortSignal;
}

/** What OpenCore makes of a file, and what it was judged by. */
export interface CheckedConfig extends ConfigReport {
  /** It lies in a folder EFI, which was looked at. */
  readonly folder: boolean;
  readonly version?: string;
}

/** What became of a file that was corrected. */
export interface FixedConfigFile {
  readonly path: string;
  readonly written: boolean;
  readonly changes: readonly string[];
  /** What was there. */
  readonly backup?: string;
  /** Of the corrected file. */
  readonly left: ConfigReport;
}

/** What OpenCore makes of a config.plist. SourceError where it, the folder around it or the disk cannot be read. */
export async function checkConfigFile(path: string, options: ConfigCheckOptions): Promise<CheckedConfig> {
  const bytes = await readHostFile(path, CONFIG_PLIST);
  const given = await judgedBy(path, options);
  const { folder, version } = given;
  return {
    ...checkConfig(bytes, path, given),
    folder: folder !== undefined,
    ...(version !== undefined && { version }),
  };
}

/** Writes a corrected file: to `output`, or in the place of the old one, which stays as .bak. UsageError where that cannot be done. */
export async function fixConfigFile(
  path: string,
  options: ConfigCheckOptions & { readonly output?: string; readonly journal: Journal },
): Promise<FixedConfigFile> {
  const { output, journal } = options;
  const bytes = await readHostFile(path, CONFIG_PLIST);
  const { text, changes, report: left } = fixConfig(bytes, path, await judgedBy(path, options));
  const content = Buffer.from(text, 'utf8');
  if (output !== undefined) {
    await writeConfigFile(output, content, journal);
    return { path: output, written: true, changes, left };
  }
  if (changes.length === 0) return { path, written: false, changes, left };
  const backup = await inWords(path, keepBeside(path));
  await inWords(path, replaceFile(path, content, { journal }));
  return { path, written: true, changes, backup, left };
}

/** Writes a config.plist where none is. UsageError where one is. */
export async function writeConfigFile(path: string, content: Uint8Array, journal: Journal): Promise<void> {
  if (await lstat(path).catch(() => undefined)) {
    throw new UsageError(`${path} exists already.`, 'Give another name, or remove it first.');
  }
  await expectPlace('-o', path);
  await inWords(path, replaceFile(path, content, { journal }));
}

async function inWords<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw hostError(error, path, StepError);
  });
}

async function judgedBy(path: string, { iso, version, signal }: ConfigCheckOptions): Promise<JudgeOptions> {
  const around = await aroundConfig(path, signal);
  const medium = iso === undefined ? undefined : await mediumOf(iso, signal);
  const known = version ?? around?.version;
  return {
    ...(around && { folder: around.folder }),
    ...(medium && { medium }),
    ...(known !== undefined && { version: known }),
  };
}

async function mediumOf(path: string, signal: AbortSignal): Promise<Medium> {
  const file = await openGiven(path, { signal });
  try {
    return { name: path, ...(await seenBy('opencore', file)) };
  } finally {
    await file.close();
  }
}
