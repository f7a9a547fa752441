import { setTimeout as sleep } from 'node:timers/promises';
import { HostError, Interrupted, StepError } from '../errors.js';
import { childEnvironment } from './environment.js';
import { lineCutter } from './lines.js';
import { commandLine, redactText } from './quote.js';
import { endGroup, forget, GRACE, remember } from './tree-kill.js';

/** Bytes of stdout kept as the answer (hdiutil's property lists are a few KB). */
const MAX_STDOUT = 16 << 20;
/** Lines of stderr kept for the error. */
const KEPT_LINES = 20;
/** Milliseconds that stdout may stay open after the exit: hdiutil leaves helpers behind that hold it. */
const STDOUT_GRACE = 500;

export interface ActOptions {
  /** Ends the tool and everything it started. Leave it out when undoing, and when taking something that must be whole. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Called with the tool's process id as soon as it runs. */
  readonly onStart?: (pid: number) => void;
  /** Given on stdin, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Words that must not be seen in an error. */
  readonly redact?: readonly string[];
  /** Open descriptors the tool gets as 3, 4 … */
  readonly descriptors?: readonly number[];
  /** The tool talks to the user's terminal itself (QEMU's monitor): nothing is streamed or kept, and it stays in our group. */
  readonly terminal?: boolean;
  /** Milliseconds that the tool has to end after an abort, before it is killed. Default: 5000. */
  readonly grace?: number;
  /** What to do where there is no such tool: "Install it: sudo apt install qemu-system-x86". */
  readonly missingHint?: string;
}

export interface Acted {
  readonly stdout: string;
  /** The last lines of it. */
  readonly stderr: string;
}

/** A tool said no. Its words are in the message; nothing of what was to be hidden is. */
export class ActError extends StepError {
  readonly command: string;
  /** The tool's own exit status, undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly killedBy: string | undefined;
  /** The last lines of stderr. */
  readonly lines: readonly string[];

  constructor(parts: {
    command: string;
    status?: number | undefined;
    killedBy?: string | undefined;
    lines: readonly string[];
  }) {
    const how = parts.killedBy === undefined ? `exit status ${parts.status}` : `ended by ${parts.killedBy}`;
    const said = parts.lines.slice(-3).join(' / ');
    super(`${parts.command} failed (${how})${said === '' ? '' : `: ${said}`}`);
    this.command = parts.command;
    this.status = parts.status;
    this.killedBy = parts.killedBy;
    this.lines = parts.lines;
  }
}

/**
 * Runs a tool that changes something: no shell, lines streamed, the whole process tree ended on abort. Throws ActError when it fails,
 * HostError when there is no such tool, Interrupted after an abort.
 */
export async function act(file: string, argv: readonly string[], options: ActOptions = {}): Promise<Acted> {
  const { signal, onLine, terminal = false, redact = [], grace = GRACE } = options;
  if (signal?.aborted) throw new Interrupted();
  const command = redactText(commandLine(file, argv), redact);
  const { execa } = await import('execa');

  const child = execa(file, [...argv], {
    stdio: [
      terminal ? 'inherit' : options.input === undefined ? 'ignore' : 'pipe',
      terminal ? 'inherit' : 'pipe',
      terminal ? 'inherit' : 'pipe',
      // Plain descriptors are handed on as they are; execa's types name only the other kinds.
      ...((options.descriptors ?? []) as unknown as readonly ['pipe']),
    ],
    ...(options.input !== undefined && !terminal && { input: options.input }),
    env: childEnvironment(options.env),
    extendEnv: false,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    buffer: false,
    reject: false,
    // A group of its own: the terminal's Ctrl-C must not reach a tool that is undoing something.
    detached: !terminal,
    cleanup: terminal,
  });
  const exited = new Promise<{ code: number | null; by: string | null }>((resolve) => {
    child.once('exit', (code, by) => resolve({ code, by }));
  });
  const finished = Promise.resolve(child).then((result) => result);

  const lines: string[] = [];
  const kept: Uint8Array[] = [];
  let size = 0;
  let fault: unknown;
  let open = true;
  let ending: Promise<void> | undefined;
  const end = () => {
    if (child.pid === undefined) return;
    if (!terminal) ending ??= endGroup(child.pid, exited, grace);
    else if (child.kill('SIGTERM')) void sleep(grace, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
  };
  const hear = (stream: 'stdout' | 'stderr') =>
    lineCutter((line) => {
      if (stream === 'stderr') {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
      }
      if (!open || fault !== undefined) return;
      try {
        onLine?.(line, stream);
      } catch (error) {
        fault = error ?? new Error('a listener failed');
        end();
      }
    });
  const out = hear('stdout');
  const err = hear('stderr');
  child.stdout?.on('data', (chunk: Uint8Array) => {
    if (!open) return;
    size += chunk.length;
    if (size <= MAX_STDOUT) kept.push(chunk);
    out.push(chunk);
  });
  child.stderr?.on('data', (chunk: Uint8Array) => {
    if (open) err.push(chunk);
  });

  if (child.pid !== undefined && !terminal) remember(child.pid);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  try {
    const first = await Promise.race([exited, finished]);
    if (child.pid === undefined) throw notStarted(file, first, options);
    const { code, by } = await exited;
    await ending;
    await Promise.race([finished, sleep(STDOUT_GRACE, undefined, { ref: false })]);
    out.end();
    err.end();
    if (fault !== undefined) throw fault;
    if (signal?.aborted && (code !== 0 || ending !== undefined)) throw new Interrupted();
    if (code !== 0) {
      throw new ActError({
        command,
        status: code ?? undefined,
        killedBy: by ?? undefined,
        lines: lines.map((line) => redactText(line, redact)),
      });
    }
    if (size > MAX_STDOUT) throw new StepError(`${command} printed more than ${MAX_STDOUT} bytes.`);
    return { stdout: Buffer.concat(kept).toString('utf8'), stderr: lines.join('\n') };
  } finally {
    open = false;
    signal?.removeEventListener('abort', end);
    if (child.pid !== undefined) forget(child.pid);
    // Go on draining for a helper that still writes, but do not stay alive for it.
    for (const stream of [child.stdout, child.stderr]) (stream as { unref?: () => void } | null | undefined)?.unref?.();
  }
}

function notStarted(file: string, result: unknown, options: ActOptions): HostError {
  const { code } = (result ?? {}) as { code?: string };
  const hint = options.missingHint;
  if (code === 'ENOENT') return new HostError(`There is no program "${file}" on this computer.`, { hint });
  return new HostError(`The program "${file}" cannot be started${code === undefined ? '' : ` (${code})`}.`, { hint });
}
