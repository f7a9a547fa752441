import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Journal } from '../core/journal.js';
import { replaceFile } from '../core/replace-file.js';
import { UserError } from '../errors.js';
import { hostCode } from '../host/faults.js';
import { giveTo } from '../host/hand-over.js';
import { CHECKSUM, MANIFEST } from '../host/own-files.js';
import { readHostFile, readJsonObject } from '../host/read-file.js';
import type { Settings } from '../plist/chameleon/boot-plist.js';
import type { Check } from '../verify/report.js';
import { checksumLine } from './output.js';

/** What is true of an ISO that was changed. */
export interface NewFacts {
  readonly sha256: string;
  /** Where its boot plist is another: the settings, and what is to be said of it for a release. */
  readonly bootPlist?: {
    readonly settings: Settings;
    readonly checks: (version: string) => Promise<readonly Check[]>;
  };
}

/** A file beside an ISO that states its checksum. */
export interface Beside {
  readonly path: string;
  /** The SHA-256, hex. */
  readonly stated: string;
  /** Where a change was begun and has not been seen to end: that of the ISO before it. `stated` is then what it has with the change. */
  readonly before?: string | undefined;
  /** Bytes of the ISO, where it states them. */
  readonly size?: number;
  /** Says that the ISO is going to change: that it has either of two checksums. On the host's disk when the promise resolves. */
  begin(sha256: { readonly before: string; readonly after: string }, journal: Journal): Promise<void>;
  /** Says the new facts instead. */
  write(facts: NewFacts, journal: Journal): Promise<void>;
}

/** Told of a file that cannot be kept true, and why. */
export type Left = (path: string, why: string) => void;

/** The manifest and the checksum file of an ISO, as far as they are there and can be read. */
export async function filesBeside(iso: string, left: Left): Promise<readonly Beside[]> {
  const both = [await readable(`${iso}.json`, left, manifest), await readable(`${iso}.sha256`, left, checksum(iso))];
  return both.flatMap((one) => (one ? [one] : []));
}

/** Undefined where there is none, or one that is not ours: that is said. */
async function readable(
  path: string,
  left: Left,
  read: (path: string, left: Left) => Promise<Beside | undefined>,
): Promise<Beside | undefined> {
  try {
    return await read(path, left);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (hostCode(error) !== 'ENOENT') left(path, error.message.replace(/\.$/, ''));
    return undefined;
  }
}

async function manifest(path: string, left: Left): Promise<Beside | undefined> {
  const old = (await readJsonObject(path, MANIFEST)) as {
    readonly iso?: { readonly size?: unknown; readonly sha256?: unknown; readonly sha256Before?: unknown } | null;
    readonly source?: { readonly version?: unknown } | null;
    readonly facts?: { readonly checks?: unknown } | null;
  };
  const { sha256Before: before, ...iso } = old.iso ?? {};
  const { size, sha256 } = iso;
  if (typeof size !== 'number' || typeof sha256 !== 'string') {
    left(path, 'there is no size and no sha256 of an ISO in it');
    return undefined;
  }
  return {
    path,
    stated: sha256,
    size,
    ...(typeof before === 'string' && { before }),
    begin: (now, journal) =>
      replaceOwned(path, jsonOf({ ...old, iso: { ...iso, sha256: now.after, sha256Before: now.before } }), journal),
    async write({ sha256: now, bootPlist }, journal) {
      const { version } = old.source ?? {};
      const found = bootPlist && typeof version === 'string' ? await bootPlist.checks(version) : undefined;
      const facts = {
        ...old.facts,
        ...(bootPlist && { bootPlist: bootPlist.settings }),
        ...(found && Array.isArray(old.facts?.checks) && { checks: withChecks(old.facts.checks, found) }),
      };
      await replaceOwned(path, jsonOf({ ...old, facts, iso: { ...iso, sha256: now } }), journal);
    },
  };
}

function jsonOf(manifest: object): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The checks with those of the same names replaced, where the first of these was. */
function withChecks(old: readonly unknown[], found: readonly Check[]): unknown[] {
  const named = (check: unknown) => (check as { readonly name?: unknown } | null)?.name === 'boot plist';
  const at = old.findIndex(named);
  const others = old.filter((check) => !named(check));
  return others.toSpliced(at < 0 ? others.length : at, 0, ...found);
}

/** Only a file of one line, as `build --checksum` writes it: others may list other files, too. */
function checksum(iso: string): (path: string, left: Left) => Promise<Beside | undefined> {
  return async (path, left) => {
    const text = Buffer.from(await readHostFile(path, CHECKSUM)).toString('utf8');
    const line = (sha256: string) => checksumLine(sha256, basename(iso));
    const [stated = '', before] = [...text.matchAll(/^#?\\?([0-9a-f]{64}) /gm)].map(([, sha256]) => sha256!);
    if (text !== (before === undefined ? line(stated) : changing(line(before), line(stated)))) {
      left(path, 'it is not the one line that build writes');
      return undefined;
    }
    return {
      path,
      stated,
      before,
      begin: (now, journal) => replaceOwned(path, changing(line(now.before), line(now.after)), journal),
      write: ({ sha256 }, journal) => replaceOwned(path, line(sha256), journal),
    };
  };
}

/** Comments to sha256sum: while the ISO changes, neither is known to be right. */
function changing(before: string, after: string): string {
  return `#${after}#${before}`;
}

/** Whole or not at all; what root replaces stays its owner's. */
async function replaceOwned(path: string, text: string, journal: Journal): Promise<void> {
  const { uid, gid } = await stat(path);
  await replaceFile(path, Buffer.from(text), { journal, noLink: true });
  if (process.geteuid?.() === 0 && uid !== 0) await giveTo(path, { uid, gid });
}
