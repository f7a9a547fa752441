import { SourceError } from '../errors.js';
import { readWhole, type Whole } from '../formats/whole.js';
import { openHostFile } from './host-file.js';
import type { OpenOptions } from './open-file.js';

/** All of a small file of the host. Errors as `openFile` and `readWhole` have them. */
export async function readHostFile(path: string, whole: Whole, options: OpenOptions = {}): Promise<Uint8Array> {
  const file = await openHostFile(path, options);
  try {
    return await readWhole(file, whole);
  } finally {
    await file.close();
  }
}

/** The first bytes of a file of the host, fewer where it is shorter: what it starts with tells what it is. */
export async function readHead(
  path: string,
  length: number,
  options: OpenOptions & { readonly hint?: string } = {},
): Promise<Uint8Array> {
  const file = await openHostFile(path, options).catch((error: unknown) => {
    const { hint } = options;
    throw error instanceof SourceError && hint !== undefined
      ? new SourceError(error.message, { hint, cause: error })
      : error;
  });
  try {
    return await file.read(0, Math.min(length, file.size));
  } finally {
    await file.close();
  }
}

/** A file that holds one JSON object, as anybody may have written it: nothing in it is known yet. SourceError for anything else. */
export async function readJsonObject(
  path: string,
  whole: Whole,
  options: OpenOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  const text = Buffer.from(await readHostFile(path, whole, options)).toString('utf8');
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SourceError(`${path}: expected a ${whole.what}, found ${value === undefined ? 'no JSON' : 'other JSON'}.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
