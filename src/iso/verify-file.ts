import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import { hostCode } from '../host/faults.js';
import { MANIFEST } from '../host/own-files.js';
import { readJsonObject } from '../host/read-file.js';
import { openIso } from '../source/open-iso.js';
import { type Check, type VerifyOptions, type VerifyReport, verifyIso } from '../verify/index.js';

export type { Check, VerifyReport } from '../verify/index.js';

/**
 * Proves a finished ISO: `osx-iso verify FILE`. Where its manifest lies beside it, every byte is compared with that, too.
 * SourceError when the file is no disk at all, HostError when it may not be read.
 */
export async function verifyFile(path: string, options: VerifyOptions): Promise<VerifyReport> {
  const file = await openIso(path, 'verify', options);
  try {
    const manifest = await statedBy(`${path}.json`);
    const hash = manifest && 'sha256' in manifest ? createHash('sha256') : undefined;
    const report = await verifyIso(file, { ...options, ...(hash && { see: (bytes) => void hash.update(bytes) }) });
    if (!manifest) return { ...report, checks: [...report.checks, NOT_COMPARED] };
    const check = 'sha256' in manifest ? compared(manifest, hash!.digest('hex')) : manifest;
    return { ...report, ok: report.ok && check.ok, checks: [...report.checks, check] };
  } finally {
    await file.close();
  }
}

/** Structures, packages and the Base System prove themselves; of all other bytes only a manifest says what was written. */
const NOT_COMPARED: Check = {
  name: 'contents',
  ok: true,
  severity: 'warning',
  text: 'not compared, no manifest beside it',
};

/** The checksums an ISO can have. */
interface Stated {
  readonly sha256: string;
  /** Of the ISO as it was before a change that may have been stopped. */
  readonly before?: string;
}

/** What a manifest says of the ISO, or what is wrong with it. Undefined where there is none. */
async function statedBy(path: string): Promise<Stated | Check | undefined> {
  let manifest: { readonly iso?: { readonly sha256?: unknown; readonly sha256Before?: unknown } | null };
  try {
    manifest = await readJsonObject(path, MANIFEST);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return hostCode(error) === 'ENOENT'
      ? undefined
      : { name: 'manifest', ok: false, severity: 'error', text: error.message };
  }
  const stated = manifest.iso?.sha256;
  if (typeof stated !== 'string') {
    return {
      name: 'manifest',
      ok: false,
      severity: 'error',
      text: `${path}: expected the ISO's sha256 in it, found none.`,
    };
  }
  const before = manifest.iso?.sha256Before;
  return { sha256: stated, ...(typeof before === 'string' && { before }) };
}

function compared({ sha256, before }: Stated, found: string): Check {
  if (found === sha256 || found === before) {
    return { name: 'manifest', ok: true, text: `every byte is as it says: sha256 ${found}` };
  }
  if (before !== undefined) return STOPPED;
  return { name: 'manifest', ok: false, severity: 'error', text: `expected the sha256 ${sha256}, found ${found}` };
}

/** Its free blocks hold part of what was to be written; the volume is as it was. */
const STOPPED: Check = {
  name: 'manifest',
  ok: true,
  severity: 'warning',
  text: 'not compared, a change of the ISO was stopped half way: the same command again makes its checksum known',
};
