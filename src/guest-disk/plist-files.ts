import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Journal } from '../core/journal.js';
import { keepBeside, replaceFile } from '../core/replace-file.js';
import { SourceError, UsageError } from '../errors.js';
import { kindOf } from '../host/open-file.js';
import { expectPlace } from '../host/place.js';
import { readHostFile } from '../host/read-file.js';
import { BOOT_PLIST_NAME, fromEntries, parseSetting } from '../plist/chameleon/boot-plist.js';
import { checkBootPlist, type PlistReport } from '../plist/chameleon/check.js';
import { fixBootPlist } from '../plist/chameleon/fix.js';
import { BOOT_PLIST_FILE } from '../plist/chameleon/intended.js';
import { composePlist, type PlistRequest } from './compose.js';
import { explained } from './explained.js';
import { DEFAULT_TEMPLATE, readTemplate } from './templates.js';

/** What is typed: a template's name, KEY=VALUE, names of keys to leave out. */
export interface TypedRequest {
  readonly template?: string;
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly allowUnknown?: boolean;
  readonly merge?: boolean;
}

/** A request of what was typed. UsageError for anything the loader would not read as it is meant. */
export async function plistRequest(typed: TypedRequest): Promise<PlistRequest> {
  const { template = DEFAULT_TEMPLATE, set = [], unset = [], allowUnknown = false, merge = false } = typed;
  if (merge && typed.template !== undefined) {
    throw new UsageError('--merge starts from the plist that is there, --template from another: give one of them.');
  }
  const settings = fromEntries(set.map((text) => parseSetting(text, { allowUnknown })));
  const both = unset.find((key) => Object.hasOwn(settings, key));
  if (both !== undefined) throw new UsageError(`"${both}" is both set and left out.`);
  return { base: await readTemplate(template), set: settings, unset, allowUnknown, merge };
}

/** Writes the plist to a host file, whole or not at all; returns its text. UsageError where there is one, unless forced or merged. */
export async function writePlistFile(
  path: string,
  request: PlistRequest,
  options: { readonly journal: Journal; readonly force?: boolean; readonly dryRun?: boolean },
): Promise<string> {
  const { force = false, dryRun = false, journal } = options;
  const there = await lstat(path).catch(() => undefined);
  const real = await stat(path).catch(() => undefined);
  if (real?.isDirectory()) throw new UsageError(`${path} is a folder.`, `-o ${join(path, BOOT_PLIST_NAME)}`);
  // With --force, too: a device is no place for a file. To merge with it, reading it refuses.
  if (real && !real.isFile() && request.merge !== true) {
    throw new UsageError(`${path}: expected a place for a file, found ${kindOf(real)}.`);
  }
  if (there && !force && request.merge !== true) {
    throw new UsageError(`${path} exists already.`, 'Give another name, or --force.');
  }
  if (!there) await expectPlace('-o', path);
  const text = composePlist(
    request,
    there && request.merge ? { bytes: await readBootPlist(path), name: path } : undefined,
  );
  if (!dryRun) await explained(path, () => replaceFile(path, Buffer.from(text, 'latin1'), { journal }));
  return text;
}

/** What the loader makes of a file. SourceError where it cannot be read. */
export async function checkPlistFile(
  path: string,
  { release }: { readonly release?: string } = {},
): Promise<PlistReport> {
  const bytes = await readBootPlist(path);
  const about = { fileName: basename(path), caseSensitive: await tellsCases(path) };
  return checkBootPlist(bytes, path, { ...about, ...(release !== undefined && { release }) });
}

/** What became of a file that was corrected. */
export interface FixedFile {
  readonly path: string;
  readonly written: boolean;
  readonly changes: readonly string[];
  readonly backup?: string;
}

/** Writes a corrected file: to `output`, or in the place of the old one, which stays as .bak. UsageError where that cannot be done. */
export async function fixPlistFile(
  path: string,
  { output, journal }: { readonly output?: string | undefined; readonly journal: Journal },
): Promise<FixedFile> {
  const bytes = await readBootPlist(path);
  const { text, changes } = fixBootPlist(bytes, path);
  if (output !== undefined) {
    if (await lstat(output).catch(() => undefined)) throw new UsageError(`${output} exists already.`);
    await expectPlace('-o', output);
    await explained(output, () => replaceFile(output, Buffer.from(text, 'latin1'), { journal }));
    return { path: output, written: true, changes };
  }
  const { findings } = await checkPlistFile(path);
  if (findings.some(({ code, severity }) => code === 'file-name' && severity === 'error')) {
    const right = join(dirname(path), BOOT_PLIST_NAME);
    return {
      ...(await fixPlistFile(path, { output: right, journal })),
      changes: [...changes, `it is called ${BOOT_PLIST_NAME}`],
    };
  }
  if (!findings.some(({ code }) => code !== 'file-name')) return { path, written: false, changes: [] };
  const backup = await explained(path, () => keepBeside(path));
  await explained(path, () => replaceFile(path, Buffer.from(text, 'latin1'), { journal }));
  return { path, written: true, changes, backup };
}

/** The bytes of a plist file. SourceError where it cannot be read or is far too large. */
export async function readBootPlist(path: string): Promise<Uint8Array> {
  const bytes = await readHostFile(path, BOOT_PLIST_FILE);
  if (isJson(bytes)) {
    throw new SourceError(`${path}: expected a property list, found JSON.`, {
      hint: 'osx-iso plist makes one; plutil -convert xml1 FILE turns JSON into one, on a Mac.',
    });
  }
  return bytes;
}

/** An old-style property list begins with a brace, too. */
function isJson(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (!/^[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the folder of a file takes another case of its name for another file. */
async function tellsCases(path: string): Promise<boolean> {
  const name = basename(path);
  const other = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
  if (other === name) return true;
  const [own, same] = await Promise.all([stat(path), stat(join(dirname(path), other)).catch(() => undefined)]);
  return same === undefined || same.ino !== own.ino || same.dev !== own.dev;
}
