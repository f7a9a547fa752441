import { FormatError, type FormatFault } from '../../errors.js';

/** An error as it crosses from one thread to another: classes do not survive the way. */
export interface ErrorMessage {
  readonly message: string;
  readonly code?: string;
  readonly fault?: FormatFault;
}

export function describeError(error: unknown): ErrorMessage {
  if (error instanceof FormatError) return { message: error.message, fault: error.fault };
  if (error instanceof Error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === undefined ? { message: error.message } : { message: error.message, code };
  }
  return { message: String(error) };
}

export function revive(error: ErrorMessage): Error {
  if (error.fault) return new FormatError(error.fault);
  return Object.assign(new Error(error.message), error.code === undefined ? {} : { code: error.code });
}
