import type { Stats } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { lock, lockPath, unlock } from '../core/lock.js';
import { ownName } from '../core/own-folder.js';
import type { Scope } from '../core/scope.js';
import { HostError, SourceError } from '../errors.js';
import { hostCode, hostError } from '../host/faults.js';
import { openFile } from '../host/open-file.js';
import { RUN_STATE } from '../host/own-files.js';
import { processStart, stillRuns } from '../host/process-start.js';
import { quoteForSh } from '../host/quote.js';

/** A TCP port of this computer, on 127.0.0.1 only, that leads to one of the guest's. */
export interface Forward {
  readonly host: number;
  readonly guest: number;
}

/** The ports of a running guest. */
export interface Ports {
  /** Leads to the guest's port 22. */
  readonly ssh?: number;
  readonly forwards: readonly Forward[];
}

/** What is known of a guest as soon as QEMU runs; its start is not over before `qmp` is there. */
export interface Running {
  readonly ports: Ports;
  /** QEMU's second control socket, for other processes: one after another, each only for a moment. */
  readonly qmp?: string;
  /** QEMU's process. */
  readonly qemu?: number;
  readonly accelerator?: string;
  /** Where the screen can be seen by VNC: a UNIX socket, or a TCP port of 127.0.0.1. */
  readonly vnc?: { readonly socket: string } | { readonly port: number };
  /** The page that shows the screen, with the token that opens it. */
  readonly web?: { readonly url: string };
}

/** run.json in the folder of a guest that runs. Who holds it is the `osx-iso boot` that looks after the guest. */
export interface RunState extends Running {
  readonly schema: 1;
  readonly host: string;
  readonly pid: number;
  /** When that process started, as the host says it (host/process-start.ts). */
  readonly processStart: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

const NAME = 'run.json';

export function runStatePath(folder: string): string {
  return join(resolve(folder), NAME);
}

/** A guest's folder while this process runs the guest. */
export interface OwnRun {
  /** Adds what is known meanwhile. */
  tell(more: Partial<Running>): Promise<void>;
  /** Gives it back before the scope does. */
  spend(): Promise<void>;
}

/**
 * Takes a guest for this process, and gives it back with the scope. InUseError, with the other's process id, while another runs it:
 * a disk that two guests write to is lost. What a dead one left is replaced.
 */
export async function claimRun(folder: string, scope: Scope, running: Running): Promise<OwnRun> {
  const path = runStatePath(folder);
  const writer = { pid: process.pid, started: (await processStart(process.pid)) ?? '' };
  const own = lockPath(path);
  let entry = await scope.announce({ kind: 'lock', path: own });
  try {
    await lock(own, writer, join(resolve(folder), `.${ownName()}`), 'guest');
  } catch (error) {
    throw hostError(error, folder, HostError);
  }
  const giveBack = `let others start the guest in ${folder}`;
  const held = scope.defer(giveBack, () => unlock(own, writer), { command: `rm ${quoteForSh(own)}`, entry });

  let state: RunState = {
    schema: 1,
    host: hostname(),
    pid: writer.pid,
    processStart: writer.started,
    startedAt: new Date().toISOString(),
    ...running,
  };
  entry = await scope.announce({ kind: 'run', path });
  const stated = scope.defer(`remove ${path}`, () => rm(path, { force: true }), {
    command: `rm ${quoteForSh(path)}`,
    entry,
  });
  await write(path, state, scope);
  // One after another: the last that is told is what stays.
  let turn: Promise<void> = Promise.resolve();
  return {
    tell(more) {
      state = { ...state, ...more };
      const told = state;
      turn = turn.catch(() => {}).then(() => write(path, told, scope));
      return turn;
    },
    async spend() {
      await turn.catch(() => {});
      await stated.spend();
      await held.spend();
    },
  };
}

/** There is always the old one or the new one, whole; nobody else can read it. */
async function write(path: string, state: RunState, scope: Scope): Promise<void> {
  const draft = join(resolve(path, '..'), `.${ownName()}`);
  const entry = await scope.announce({ kind: 'file', path: draft });
  const owed = scope.defer(`remove the unfinished ${path}`, () => rm(draft, { force: true }), { entry });
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`);
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    throw hostError(error, path, HostError);
  } finally {
    await owed.spend();
  }
}

/**
 * What stands in a guest's run.json; undefined where there is none. Whether its process still runs is `isAlive`'s. SourceError for a
 * file that another user can write to, too: the process that it names is going to be sent signals.
 */
export async function readRunState(folder: string): Promise<RunState | undefined> {
  const path = runStatePath(folder);
  let text: string;
  try {
    const { handle, stat } = await openFile(path, { noLink: true });
    try {
      expectOurs(path, stat);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(RUN_STATE.most), 0, RUN_STATE.most, 0);
      text = buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hostCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const value = parsed(text);
  const fault = value ? faultOf(value) : 'expected a JSON object';
  if (fault !== undefined) throw new SourceError(`${path}: ${fault}.`, { hint: remove(path) });
  return value as unknown as RunState;
}

function expectOurs(path: string, { uid, mode }: Stats): void {
  const own = process.geteuid?.();
  // Root may look after everybody's guests.
  if (own !== undefined && own !== 0 && uid !== own) {
    throw new SourceError(`${path}: this guest is run by another user (uid ${uid}).`);
  }
  if ((mode & 0o022) !== 0) {
    throw new SourceError(`${path}: expected a file that only its owner can write to.`, { hint: remove(path) });
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function remove(path: string): string {
  return `If the guest does not run: rm ${quoteForSh(path)}`;
}

/** Whether the `osx-iso boot` that wrote this still runs. In doubt (another computer's) it does. */
export async function isAlive({ host, pid, processStart: started }: RunState): Promise<boolean> {
  return host !== hostname() || stillRuns({ pid, started });
}

/** The first thing that is not as we write it, in words. */
function faultOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const wrong = (field: string, expected: string) => `${field}: expected ${expected}, found ${show(value[field])}`;
  if (value.schema !== 1) return wrong('schema', '1');
  if (!isCount(value.pid)) return wrong('pid', 'a process id');
  for (const field of ['host', 'processStart', 'startedAt'] as const) {
    if (typeof value[field] !== 'string') return wrong(field, 'a text');
  }
  for (const field of ['qmp', 'accelerator'] as const) {
    if (value[field] !== undefined && typeof value[field] !== 'string') return wrong(field, 'a text');
  }
  if (value.qemu !== undefined && !isCount(value.qemu)) return wrong('qemu', 'a process id');
  if (!isPorts(value.ports)) return wrong('ports', '{ ssh, forwards: [{ host, guest }] }');
  const { vnc, web } = value as { vnc?: Partial<Record<string, unknown>>; web?: { url?: unknown } };
  const port = vnc?.port === undefined ? undefined : isPort(vnc.port);
  if (vnc !== undefined && port !== true && typeof vnc?.socket !== 'string')
    return wrong('vnc', '{ socket } or { port }');
  if (web !== undefined && typeof web?.url !== 'string') return wrong('web', '{ url }');
  return undefined;
}

function isPorts(value: unknown): value is Ports {
  if (typeof value !== 'object' || value === null) return false;
  const { ssh, forwards } = value as Partial<Record<keyof Ports, unknown>>;
  if (ssh !== undefined && !isPort(ssh)) return false;
  return Array.isArray(forwards) && forwards.every((one) => isPort(one?.host) && isPort(one?.guest));
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

export function isPort(value: unknown): value is number {
  return isCount(value) && value <= 65_535;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
