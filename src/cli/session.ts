import { stripVTControlCharacters } from 'node:util';
import type { Leftover } from '../core/events.js';
import { Interrupted } from '../errors.js';
import { chooseOne } from './choose.js';
import type { Context } from './context.js';
import { jsonText } from './lines/index.js';
import { type Output, OutputClosed } from './output.js';
import { errorData, errorLines, exitCodeOf, inWords } from './show-error.js';
import { onStop } from './signals.js';
import { leftoverLines } from './view/format.js';
import { LiveView } from './view/live.js';
import { type Log, openLog } from './view/log.js';
import { chooseView, takesColor, type ViewMode } from './view/mode.js';
import { jsonView, plainView, type View } from './view/plain.js';
import { inAscii, painter, type Terminal, wrapped } from './view/terminal.js';

/** What a command does once it is known which. */
export type Task = (context: Context) => Promise<void>;

/** The options every command has. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  /** Where everything is written down, too. */
  readonly logFile?: string;
}

/** What a session is made of; tests give their own. */
export interface SessionParts {
  /** Instead of a command's work, by its name. */
  readonly standIns?: Readonly<Record<string, (options: unknown, context: Context) => Promise<void>>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Where live rows are drawn. */
  readonly screen: NodeJS.WriteStream;
  /** Where a person types; default: stdin. */
  readonly input?: NodeJS.ReadStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Ends the process at once: the second Ctrl-C. */
  readonly exit: (code: number) => void;
}

/** Runs one command from its options to its exit code: view, signals and errors are dealt with here and nowhere else. */
export async function runSession(task: Task, options: GlobalOptions, parts: SessionParts): Promise<number> {
  const { stdout, version } = parts;
  const mode = chooseView(options, parts.screen.isTTY === true, parts.env);
  const terminals = terminalsOf(options, mode, parts);
  const stderr = { line: (text: string) => parts.stderr.line(mode.unicode ? text : inAscii(text)) };
  let log: Log | undefined;
  try {
    if (options.logFile !== undefined) log = openLog(options.logFile, (text) => stderr.line(text));
  } catch (error) {
    return report(error);
  }
  const controller = new AbortController();
  const views = [
    makeView(options, mode, parts, stderr),
    ...(log ? [plainView({ write: log.line, verbose: true })] : []),
  ];
  const [view] = views as [View];
  let pending: () => readonly Leftover[] = () => [];
  let second: (() => void) | undefined;
  let code = 0;

  const silence = onStop(
    () => {
      for (const each of views) each.stopping();
      controller.abort(new Interrupted());
    },
    () => {
      const own = second;
      second = undefined;
      if (own) return own();
      view.abandon();
      stderr.line('');
      for (const line of leftoverLines(pending())) stderr.line(line);
      stderr.line('Interrupted twice: left at once.');
      parts.exit(130);
    },
  );
  const context: Context = {
    signal: controller.signal,
    emit: (event) => {
      for (const each of views) each.emit(event);
    },
    print: (text, data) => {
      log?.line(stripVTControlCharacters(text));
      if (stdout.gone) throw new OutputClosed();
      const line = options.json ? data && jsonText(data) : text;
      if (line !== undefined) view.after(() => stdout.line(line));
    },
    tell: (event) => {
      if (mode.kind === 'json') view.after(() => stdout.line(jsonText(event)));
    },
    write: (bytes) => stdout.bytes(bytes),
    remark: (text) => {
      log?.line(text);
      if (!options.quiet) view.after(() => stderr.line(wrapped(text, terminals.stderr.columns)));
    },
    holds: (list) => {
      pending = list;
    },
    onSecond: (hurry) => {
      second = hurry;
    },
    exits: (status) => {
      code = status;
    },
    ...(mayAsk(options, parts) && {
      choose: (things: readonly string[]) =>
        chooseOne(things, {
          input: parts.input ?? process.stdin,
          say: (line) => stderr.line(line),
          signal: controller.signal,
        }),
    }),
    terminal: terminals.stdout,
    json: options.json,
    quiet: options.quiet,
    verbose: options.verbose,
    version,
  };

  let failure: { error: unknown } | undefined;
  try {
    await task(context);
  } catch (error) {
    failure = { error };
  }
  await view.close();
  // From here on nothing is owed: a late Ctrl-C may end the process as usual.
  silence();
  if (!failure || failure.error instanceof OutputClosed) {
    log?.close();
    return failure ? 0 : code;
  }
  return report(controller.signal.aborted && isAbort(failure.error) ? new Interrupted() : inWords(failure.error));

  function report(error: unknown): number {
    if (options.json) stdout.line(jsonText(errorData(error)));
    const { verbose } = options;
    for (const line of errorLines(error, { verbose, version, terminal: terminals.stderr })) stderr.line(line);
    for (const line of errorLines(error, { verbose: true, version, terminal: PLAIN })) log?.line(line);
    log?.close();
    return exitCodeOf(error);
  }
}

/** Neither columns nor colours. */
const PLAIN: Terminal = { columns: undefined, paint: painter(false) };

function terminalsOf(
  options: GlobalOptions,
  { color }: ViewMode,
  { screen, stdout, env }: SessionParts,
): Record<'stdout' | 'stderr', Terminal> {
  return {
    stderr: { columns: screen.isTTY ? screen.columns || 80 : undefined, paint: painter(color) },
    stdout: {
      columns: stdout.columns,
      paint: painter(!options.json && takesColor(options.color, stdout.columns !== undefined, env)),
    },
  };
}

/** Only a person at a terminal is asked. */
function mayAsk(options: GlobalOptions, { screen, input = process.stdin }: SessionParts): boolean {
  return !options.json && !options.quiet && screen.isTTY === true && input.isTTY === true;
}

function makeView(
  options: GlobalOptions,
  { kind, color, unicode }: ViewMode,
  { stdout, screen }: SessionParts,
  stderr: { line(text: string): void },
): View {
  const columns = screen.isTTY ? screen.columns || 80 : undefined;
  const write = (line: string) => stderr.line(line);
  switch (kind) {
    case 'live':
      return new LiveView({ screen, color, unicode, verbose: options.verbose });
    case 'json':
      return jsonView((line) => stdout.line(line));
    case 'quiet':
      return plainView({ write, quiet: true, columns });
    case 'plain':
      return plainView({ write, verbose: options.verbose, columns });
  }
}

/** What node's own functions throw when their signal aborts. */
function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR')
  );
}
