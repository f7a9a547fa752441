import { openGiven } from './open-given.js';
import { type VerifyOptions, type VerifyReport, verifyIso } from './verify/index.js';

export type { Check, VerifyReport } from './verify/index.js';

/** Proves a finished ISO: `osx-iso verify FILE`. SourceError when the file cannot be read. */
export async function verifyFile(path: string, options: VerifyOptions): Promise<VerifyReport> {
  const file = await openGiven(path);
  try {
    return await verifyIso(file, options);
  } finally {
    await file.close();
  }
}
