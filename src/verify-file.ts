import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Manifest } from './build/manifest.js';
import { chunks } from './formats/bytes.js';
import type { HostFile } from './formats/host-file.js';
import { openGiven } from './open-given.js';
import { type Check, type VerifyOptions, type VerifyReport, verifyIso } from './verify/index.js';

export type { Check, VerifyReport } from './verify/index.js';

/**
 * Proves a finished ISO: `osx-iso verify FILE`. Where its manifest lies beside it, every byte is compared with that, too.
 * SourceError when the file cannot be read.
 */
export async function verifyFile(path: string, options: VerifyOptions): Promise<VerifyReport> {
  const file = await openGiven(path);
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
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(await readFile(path, 'utf8')) as Partial<Manifest>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { name: 'manifest', ok: false, text: `${path}: cannot be read: ${(error as Error).message}` };
  }
  const stated = manifest.iso?.sha256;
  const hash = createHash('sha256');
  for await (const part of chunks(file)) {
    signal.throwIfAborted();
    hash.update(part);
  }
  const found = hash.digest('hex');
  if (stated === found) return { name: 'manifest', ok: true, text: `every byte is as it was built: sha256 ${found}` };
  return { name: 'manifest', ok: false, text: `expected the sha256 ${stated ?? 'of a manifest'}, found ${found}` };
}
