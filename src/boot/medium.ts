import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { VerifyError } from '../errors.js';
import { MANIFEST } from '../host/own-files.js';
import { readJsonObject } from '../host/read-file.js';
import type { Manifest } from '../iso/manifest.js';
import { FIRST_EXPIRY } from '../known/index.js';
import { openIso } from '../source/open-iso.js';
import { verifyIso } from '../verify/index.js';

/** What is known about an installer's ISO that is about to be started. */
export interface BootMedium {
  /** Absolute path. */
  readonly file: string;
  /** "10.10.5" */
  readonly version?: string;
  /** MiB, at least. */
  readonly memory?: number;
  /** It has a loader for UEFI of its own. */
  readonly uefi?: boolean;
  /** When the installer's certificate ends or ended (ISO 8601), where that is known. */
  readonly validUntil?: string;
  /** Where this is known from. */
  readonly known: 'manifest' | 'itself' | 'nothing';
  /** For people: what is wrong with it, where it is started all the same. */
  readonly faults: readonly string[];
}

/** Milliseconds: file systems round times. */
const SAME_TIME = 2000;

/**
 * Says what an ISO is, from the manifest of the build that made it, or, where that is absent or older, from the ISO itself.
 * VerifyError for one that could not start, unless `force`; SourceError and HostError as `openIso` has them.
 */
export async function examineMedium(
  path: string,
  options: { readonly force: boolean; readonly signal: AbortSignal; note?(text: string): void },
): Promise<BootMedium> {
  const file = resolve(path);
  // Before its manifest is believed: what cannot be read cannot be started.
  const source = await openIso(path, 'boot', options);
  try {
    const manifest = await fittingManifest(file, { size: source.size, mtimeMs: source.modified });
    if (manifest) return fromManifest(file, manifest);
    // Some seconds, for a real one.
    options.note?.(`There is no manifest of this very file beside it: looking into ${path} first.`);
    const report = await verifyIso(source, { signal: options.signal });
    const faults = report.checks.filter(({ ok }) => !ok).map(({ text }) => text);
    if (!report.ok && !options.force) {
      throw new VerifyError(
        `${path}: this could not start: ${(faults[0] ?? 'it failed a check').replace(/\.$/, '')}${more(faults.length - 1)}.`,
        'osx-iso verify lists everything; --force starts it all the same.',
      );
    }
    const { version, loader } = report;
    return {
      file,
      ...(version !== undefined && { version }),
      uefi: loader !== undefined,
      known: version ? 'itself' : 'nothing',
      faults,
    };
  } finally {
    await source.close();
  }
}

function fromManifest(file: string, { source, boot, iso }: Manifest): BootMedium {
  const ends = source.known?.signature === 'expired' ? { validUntil: FIRST_EXPIRY } : {};
  const { validUntil } = source.signer ?? ends;
  const known = {
    version: source.version,
    memory: boot.memory,
    uefi: iso.esp !== undefined,
    known: 'manifest',
  } as const;
  return { file, ...known, ...(typeof validUntil === 'string' && { validUntil }), faults: [] };
}

function more(count: number): string {
  return count > 0 ? ` (and ${count} more)` : '';
}

/** The manifest beside the ISO, if it is about this very file and says that all was well. */
async function fittingManifest(file: string, iso: { size: number; mtimeMs: number }): Promise<Manifest | undefined> {
  const path = `${file}.json`;
  try {
    const written = await stat(path);
    const manifest = (await readJsonObject(path, MANIFEST)) as Partial<Manifest>;
    const { source, boot, facts, iso: stated } = manifest;
    const fits =
      stated?.size === iso.size &&
      written.mtimeMs + SAME_TIME >= iso.mtimeMs &&
      typeof source?.version === 'string' &&
      Number.isSafeInteger(boot?.memory) &&
      Array.isArray(facts?.checks) &&
      facts.checks.length > 0 &&
      facts.checks.every((check: unknown) => (check as { ok?: unknown } | null)?.ok === true);
    return fits ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}
