import { Interrupted, isBug, StepError, UserError } from '../errors.js';
import { hostError, hostFault } from '../host/faults.js';
import { bugs } from '../version.js';
import type { ErrorLine } from './lines/index.js';
import { printable } from './view/format.js';
import { type Terminal, wrapped } from './view/terminal.js';

/** An error as the user reads it: what went wrong, a blank line, the next thing to type. Stacks only when verbose. */
export function errorLines(error: unknown, { verbose, version, terminal }: ErrorLooks): string[] {
  const { columns, paint } = terminal;
  const lines = wordsOf(error, { verbose, version });
  const [first = '', ...rest] = lines.map((line) => wrapped(line, columns));
  const looks = [first.replace(/^osx-iso:/, (name) => paint('red', name)), ...rest];
  // Stacks as they are: they are there to be copied.
  return verbose && !(error instanceof Interrupted) ? [...looks, '', ...stackOf(error)] : looks;
}

export interface ErrorLooks {
  readonly verbose: boolean;
  readonly version: string;
  readonly terminal: Terminal;
}

function wordsOf(error: unknown, { verbose, version }: Omit<ErrorLooks, 'terminal'>): string[] {
  const lines: string[] = [];
  if (error instanceof UserError) {
    lines.push(`osx-iso: ${safe(error.message)}`);
    if (error.hint !== undefined) lines.push('', ...safe(error.hint).split('\n'));
    if (isBug(error.cause)) lines.push(report(verbose));
  } else {
    lines.push(
      `osx-iso: ${safe(error instanceof Error ? `${error.name}: ${error.message}` : String(error))}`,
      '',
      `This is a bug in osx-iso ${version} (Node ${process.versions.node}, ${process.platform}).`,
      report(verbose),
    );
  }
  return lines;
}

function report(verbose: boolean): string {
  const what = verbose ? 'everything printed here' : 'what the same command prints with --verbose';
  return `Please report it at ${bugs} together with ${what}.`;
}

/** Any error as one a user can act on: what the host says is no mistake of the program. Others as they are. */
export function inWords(error: unknown): unknown {
  if (error instanceof UserError) return error;
  return hostError(error, undefined, StepError);
}

/** What to say of a result that could not be printed. */
export function outputError(failure: Error): UserError {
  const words = hostFault(failure, 'the output')?.says ?? `the output cannot be written: ${failure.message}`;
  return new StepError(`stdout: ${words}.`, {
    hint: 'What was printed is not whole. Send it somewhere else and run the command again.',
    cause: failure,
  });
}

/** The same for programs. */
export function errorData(error: unknown): ErrorLine {
  if (!(error instanceof UserError)) return { type: 'error', message: String(error), exitCode: 1, bug: true };
  const { message, hint, exitCode } = error;
  return {
    type: 'error',
    message,
    ...(hint !== undefined && { hint }),
    exitCode,
    ...(isBug(error.cause) && { bug: true as const }),
  };
}

export function exitCodeOf(error: unknown): number {
  return error instanceof UserError ? error.exitCode : 1;
}

/** Messages may have several lines and names from images in them: lines stay, all else that moves a cursor does not. */
function safe(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

function stackOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const own = safe(error.stack ?? error.message).split('\n');
  const cause = stackOf(error.cause, depth + 1);
  return cause.length === 0 ? own : [...own, 'Caused by:', ...cause];
}
