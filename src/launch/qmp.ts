import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from '../errors.js';

/** Something QEMU says on its own: "STOP", "SHUTDOWN". */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Message extends Partial<QmpEvent> {
  readonly QMP?: unknown;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/** Milliseconds between two tries: QEMU makes its socket when it has started. */
const RETRY = 50;
/** Characters of one message; real ones have some thousands. */
const MAX_LINE = 16 << 20;

/** QEMU's control connection (QMP): lines of JSON on a UNIX socket. */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #next = 1;
  #rest = '';
  #closed: Error | undefined;
  /** The connection is over, and all that was said is heard. */
  readonly closed: Promise<void>;
  readonly #greeted: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#greeted = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve: () => resolve(), reject });
    });
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    const close = (error?: Error) => this.#end(error ?? new StepError('QEMU closed its control connection.'));
    socket.on('error', close);
    socket.on('close', () => close());
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  /** Connects as soon as the socket is there, and makes QEMU listen. Gives up when the signal aborts. */
  static async connect(path: string, signal: AbortSignal): Promise<Qmp> {
    for (;;) {
      signal.throwIfAborted();
      const socket = await tryConnect(path);
      if (socket) {
        const qmp = new Qmp(socket);
        const stop = () => qmp.close();
        signal.addEventListener('abort', stop, { once: true });
        try {
          await qmp.#greeted;
          await qmp.command('qmp_capabilities');
        } finally {
          signal.removeEventListener('abort', stop);
        }
        return qmp;
      }
      await sleep(RETRY, undefined, { signal });
    }
  }

  /** Sends a command and gives its answer. StepError where QEMU refuses it. */
  command<T = unknown>(execute: string, args?: Readonly<Record<string, unknown>>): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#socket.write(`${JSON.stringify({ execute, ...(args && { arguments: args }), id })}\n`);
    });
  }

  /** Calls back for each event from now on; returns how to stop. */
  listen(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_LINE) this.#socket.destroy(new StepError('QEMU sent a message without an end.'));
    for (const line of lines) {
      if (line.trim() === '') continue;
      try {
        this.#hear(JSON.parse(line) as Message);
      } catch (error) {
        this.#socket.destroy(new StepError('QEMU sent something that is no message.', { cause: error }));
        return;
      }
    }
  }

  #hear(message: Message): void {
    const { event } = message;
    if (event !== undefined) {
      for (const listener of this.#listeners) listener({ ...message, event });
      return;
    }
    // The greeting stands for the answer to a question nobody asked.
    const id = message.QMP === undefined ? message.id : 0;
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (message.error) waiting.reject(new StepError(`QEMU: ${message.error.desc}`));
    else waiting.resolve(message.return);
  }

  #end(error: Error): void {
    this.#closed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }
}

/** Undefined while nobody listens there. */
function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
  });
}
