import type { Leftover, RunEvent } from '../core/events.js';
import type * as Osx from '../index.js';
import type { GuestEvent, ResultLine } from './lines/index.js';
import type { Terminal } from './view/terminal.js';

/** What every command's work is given by the edge. */
export interface Context {
  /** Aborts at the first Ctrl-C (SIGINT, SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  /** Events of a run, for the view. */
  emit(event: RunEvent): void;
  /** A line of the result, on stdout; with --json `data` is printed instead, as one line (nothing where there is none). */
  print(text: string, data?: ResultLine): void;
  /** With --json, and not --quiet: an event that no view draws. */
  tell(event: GuestEvent): void;
  /** Bytes of a result, on stdout, as fast as the reader takes them. */
  write(bytes: Uint8Array): Promise<void>;
  /** A remark for the user, on stderr; not with --quiet. */
  remark(text: string): void;
  /** Says how to find out what is owed, for the second Ctrl-C: `() => scope.pending()`. */
  holds(pending: () => readonly Leftover[]): void;
  /** What the second Ctrl-C does instead of leaving at once, which is the third's then. */
  onSecond(hurry: () => void): void;
  /** What the process ends with where all goes well: the status of another program. */
  exits(status: number): void;
  /** Asks which of several things it shall be, by its index; undefined without an answer. Absent where nobody can be asked. */
  readonly choose?: (things: readonly string[]) => Promise<number | undefined>;
  /** What stdout shows. */
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Goes into manifests. */
  readonly version: string;
}

/** A command's work: `osx` is all that src/index.ts exports, loaded only now. Throws a UserError where it cannot be done. */
export type Work<Options> = (osx: typeof Osx, options: Options, context: Context) => Promise<void>;

/** Runs the work of the command that was typed. `name` is what a stand-in for it is found by. */
export type Start = <Options>(name: string, work: Work<Options>, options: Options) => Promise<void>;
