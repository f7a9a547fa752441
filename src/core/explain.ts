import { HostError, isBug, StepError, UserError } from '../errors.js';
import { hostFault, isFull, isLack } from '../host/faults.js';

/**
 * Says any error so that a user can act on it: UserErrors as they are, errors of the host in words, never a stack. `full`: what to type
 * where a disk is full.
 */
export function explain(error: unknown, doing?: string, { full }: { readonly full?: string } = {}): UserError {
  if (error instanceof UserError) return error;
  const { message, hint: usual } = inWords(error);
  const hint = full !== undefined && isFull(error) ? full : usual;
  const Made = isLack(error) ? HostError : StepError;
  return new Made(sentence(doing === undefined ? message : `${doing}: ${message}`), { hint, cause: error });
}

function inWords(error: unknown): { message: string; hint?: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error) };
  const fault = hostFault(error);
  if (fault) return { message: fault.says, hint: fault.hint };
  if (isBug(error)) {
    return {
      message: `${error.name}: ${error.message}`,
      hint: 'This is a bug in osx-iso.',
    };
  }
  return { message: error.message || error.name };
}

function sentence(text: string): string {
  const first = text.trim();
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
