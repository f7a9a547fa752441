import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from './state.js';

/** A failure that hdiutil ends with. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** What a test wants to go wrong: the file `control.json` in the state's folder is a list of these. */
export interface Rule {
  /** The call it is about: its number from 1, … */
  readonly at?: number;
  /** … or its verb (with "resize -limits" for that one) … */
  readonly verb?: string;
  /** … this often. Default: once for `at`, always for `verb`. */
  readonly times?: number;
  readonly action: Action;
}

export type Action =
  /** Fails with that status and words, and has done nothing. */
  | { readonly kind: 'fail'; readonly status: number; readonly message: string }
  /** Does its work, and fails then. */
  | { readonly kind: 'fail-after'; readonly status: number; readonly message: string }
  /** Prints a licence first and waits for "Y". */
  | { readonly kind: 'licence' }
  /** Leaves a helper behind that holds stdout open for some seconds. */
  | { readonly kind: 'hold-stdout'; readonly seconds: number }
  /** Sends a signal to the program that called it, waits a moment, and goes on with its work. */
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals; readonly wait: number }
  /** Says (file `reached`) that it is here, waits up to so many milliseconds for the file `go`, and goes on. */
  | { readonly kind: 'pause'; readonly wait: number };

/** The rule that is due now, counted down. */
export function dueRule(call: number, verb: string): Action | undefined {
  const file = join(stateFolder, 'control.json');
  if (!existsSync(file)) return undefined;
  const rules = JSON.parse(readFileSync(file, 'utf8')) as Rule[];
  for (const [index, rule] of rules.entries()) {
    const fits = rule.at === undefined ? rule.verb === verb : rule.at === call;
    const left = rule.times ?? (rule.at === undefined ? Number.POSITIVE_INFINITY : 1);
    if (!fits || left <= 0) continue;
    if (Number.isFinite(left)) {
      rules[index] = { ...rule, times: left - 1 };
      writeFileSync(file, JSON.stringify(rules));
    }
    return rule.action;
  }
  return undefined;
}

export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** What an action does before the work; 'after' is what is left to do then. */
export function before(action: Action | undefined): void {
  switch (action?.kind) {
    case 'fail':
      throw new Failure(action.message, action.status);
    case 'licence':
      process.stdout.write('Software Licence Agreement\n\nPress Y to agree <plist is mentioned here>\n');
      if (!/^y/i.test(readFileSync(0, 'utf8'))) throw new Failure('hdiutil: attach canceled', 1);
      return;
    case 'hold-stdout':
      spawn('sleep', [String(action.seconds)], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref();
      return;
    case 'signal':
      try {
        process.kill(process.ppid, action.signal);
      } catch {
        // Gone already.
      }
      pause(action.wait);
      return;
    case 'pause': {
      writeFileSync(join(stateFolder, 'reached'), '');
      for (let waited = 0; waited < action.wait && !existsSync(join(stateFolder, 'go')); waited += 10) pause(10);
      return;
    }
    default:
  }
}

export function after(action: Action | undefined): void {
  if (action?.kind === 'fail-after') throw new Failure(action.message, action.status);
}
