import { createHash } from 'node:crypto';
import { UserError } from './errors.js';
import { chunks } from './formats/bytes.js';
import { hostCode } from './host/faults.js';
import type { HostFile } from './host/host-file.js';
import { openGiven } from './host/open-given.js';
import { MANIFEST } from './host/own-files.js';
import { readJsonObject } from './host/read-file.js';
import { type Check, type VerifyOptions, type VerifyReport, verifyIso } from './verify/index.js';

export type { Check, VerifyReport } from './verify/index.js';

/**
 * Proves a finished ISO: `osx-iso verify FILE`. Where its manifest lies beside it, every byte is compared with that, too.
 * SourceError when the file cannot be read.
 */
export async function verifyFile(path: string, options: VerifyOptions): Promise<VerifyReport> {
  const file = await openGiven(path, { signal: options.signal });
  try {
    const report = await verifyIso(file, options);
    const check = await compareWithManifest(file, `${path}.json`, options.signal);
    return check ? { ...report, ok: report.ok && check.ok, checks: [...report.checks, check] } : report;
  } finally {
    await file.close();
  }
}

/** Undefined where there is no manifest. */
async function compareWithManifest(file: HostFile, path: string, signal: AbortSignal): Promise<Check | undefined> {
  let manifest: { readonly iso?: { readonly sha256?: unknown } | null };
  try {
    manifest = await readJsonObject(path, MANIFEST);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return hostCode(error) === 'ENOENT' ? undefined : { name: 'manifest', ok: false, text: error.message };
  }
  const stated = manifest.iso?.sha256;
  if (typeof stated !== 'string') {
    return { name: 'manifest', ok: false, text: `${path}: expected the ISO's sha256 in it, found none.` };
  }
  const hash = createHash('sha256');
  for await (const part of chunks(file)) {
    signal.throwIfAborted();
    hash.update(part);
  }
  const found = hash.digest('hex');
  if (stated === found) return { name: 'manifest', ok: true, text: `every byte is as it was built: sha256 ${found}` };
  return { name: 'manifest', ok: false, text: `expected the sha256 ${stated}, found ${found}` };
}
