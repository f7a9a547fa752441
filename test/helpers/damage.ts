import { FormatError } from '../../src/errors.js';

/** The result of an action, or the FormatError it threw. Any other error is passed on: it would be a bug. */
export async function orFormatError<T>(action: () => Promise<T>): Promise<T | FormatError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

/** A copy with other bytes at `offset`. */
export function patched(bytes: Uint8Array, offset: number, patch: Uint8Array | string): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(typeof patch === 'string' ? Buffer.from(patch, 'latin1') : patch, offset);
  return copy;
}

/** All of an async iterable's bytes. */
export async function joined(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}
