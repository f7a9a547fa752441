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
    const check = 'sha256' in manifest ? compared(manifest.sha256, hash!.digest('hex')) : manifest;
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

/** What a manifest says of the ISO, or what is wrong with it. Undefined where there is none. */
async function statedBy(path: string): Promise<{ readonly sha256: string } | Check | undefined> {
  let manifest: { readonly iso?: { readonly sha256?: unknown } | null };
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
  return { sha256: stated };
}

function compared(stated: string, found: string): Check {
  if (stated === found) return { name: 'manifest', ok: true, text: `every byte is as it says: sha256 ${found}` };
  return { name: 'manifest', ok: false, severity: 'error', text: `expected the sha256 ${stated}, found ${found}` };
}
