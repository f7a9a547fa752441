import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, StepError } from '../errors.js';
import { asBytes, type ByteSource, checkRange } from '../formats/bytes.js';
import {
  checkGreeting,
  decodeInfo,
  decodeOptionReply,
  decodeReply,
  encodeGo,
  encodeRequest,
  GREETING_SIZE,
  MAX_PAYLOAD,
  NbdCommand,
  type NbdCommandCode,
  type NbdExport,
  OPTION_REPLY_SIZE,
  OptionReply,
  REPLY_SIZE,
} from '../formats/nbd.js';
import type { DiskTarget } from './target.js';

interface Waiting {
  readonly length: number;
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/** How long a server is waited for. */
export interface NbdOptions {
  /** Ends every waiting, and gives an answer that is under way a moment more: a header that is being written is written. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte from a server that owes an answer. */
  readonly patience?: number;
}

/** Milliseconds: a flush may write much out, to a slow disk. */
const PATIENCE = 120_000;
/** Milliseconds when the user wants to stop. */
const HURRY = 400;
/** Milliseconds between good-bye and the end of the connection: the server writes out what it has in memory. */
const CLOSE_PATIENCE = 10_000;

/**
 * A disk behind an NBD server on a unix socket; `name` is what errors call it. Rejects with the socket's error where nobody
 * listens, FormatError where something else than an NBD server answers, StepError where none does in time, Interrupted after an abort.
 * `close` says good-bye and ends the connection.
 */
export async function connectNbd(socketPath: string, name: string, options: NbdOptions = {}): Promise<DiskTarget> {
  const { signal, patience = PATIENCE } = options;
  const socket = connect(socketPath);
  let owed = () => true;
  socket.setTimeout(signal?.aborted ? HURRY : patience);
  socket.on('timeout', () => {
    if (!owed()) return;
    const late = new StepError(`${name}: the NBD server has not answered for ${patience / 1000} seconds.`);
    socket.destroy(signal?.aborted ? new Interrupted() : late);
  });
  const hurry = () => socket.setTimeout(HURRY);
  signal?.addEventListener('abort', hurry, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', hurry));
  const input = new Input(socket);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const found = await negotiate(socket, input, name);
    const target = new NbdTarget(socket, input, found, name, signal);
    owed = () => target.owed;
    return target;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function negotiate(socket: Socket, input: Input, name: string): Promise<NbdExport> {
  checkGreeting(await input.take(GREETING_SIZE), name);
  socket.write(encodeGo(''));
  let found: NbdExport | undefined;
  for (;;) {
    const { type, length } = decodeOptionReply(await input.take(OPTION_REPLY_SIZE), name);
    const data = await input.take(length);
    if (type === OptionReply.ack) break;
    if (type >= OptionReply.error) {
      throw new StepError(`${name}: the NBD server refuses: ${Buffer.from(data).toString('utf8') || `error ${type}`}.`);
    }
    if (type === OptionReply.info) found = decodeInfo(data, name) ?? found;
  }
  if (!found) throw new StepError(`${name}: the NBD server does not say how large the disk is.`);
  return found;
}

class NbdTarget implements DiskTarget {
  readonly source: ByteSource;
  readonly #waiting = new Map<number, Waiting>();
  #handle = 0;
  #ended: Error | undefined;

  constructor(
    readonly socket: Socket,
    input: Input,
    readonly found: NbdExport,
    readonly name: string,
    readonly signal?: AbortSignal,
  ) {
    const source: ByteSource = {
      name,
      size: found.size,
      read: async (offset, length) => {
        checkRange(source, offset, length);
        const parts: Promise<Uint8Array>[] = [];
        for (let at = 0; at < length; at += MAX_PAYLOAD) {
          parts.push(this.#ask(NbdCommand.read, offset + at, Math.min(MAX_PAYLOAD, length - at)));
        }
        const read = await Promise.all(parts);
        return asBytes(read.length === 1 ? read[0]! : Buffer.concat(read));
      },
    };
    this.source = source;
    this.#hear(input).catch((error: Error) => {
      this.#ended ??= error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      socket.destroy();
    });
  }

  /** An answer is waited for. */
  get owed(): boolean {
    return this.#waiting.size > 0;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    checkRange(this.source, offset, bytes.length);
    if (this.found.readOnly) throw new StepError(`${this.name}: the NBD server lets nobody write.`);
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD) {
      await this.#ask(NbdCommand.write, offset + at, 0, bytes.subarray(at, at + MAX_PAYLOAD));
    }
  }

  async flush(): Promise<void> {
    // A server without the command has nothing to flush: its writes are durable.
    if (this.found.canFlush) await this.#ask(NbdCommand.flush, 0, 0);
  }

  async close(): Promise<void> {
    if (this.#ended || this.socket.destroyed) return;
    this.#ended = new StepError(`${this.name}: the disk is closed.`);
    const closed = new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.end(encodeRequest(NbdCommand.disconnect, 0, 0, 0));
    });
    const patience = this.signal?.aborted ? HURRY : CLOSE_PATIENCE;
    await Promise.race([closed, sleep(patience, undefined, { ref: false })]);
    this.socket.destroy();
  }

  #ask(command: NbdCommandCode, offset: number, answer: number, data?: Uint8Array): Promise<Uint8Array> {
    if (this.#ended) return Promise.reject(this.#ended);
    const handle = this.#handle++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(handle, { length: answer, resolve, reject });
      this.socket.write(encodeRequest(command, handle, offset, data?.length ?? answer));
      if (data) this.socket.write(data);
    });
  }

  /** Replies come in any order. */
  async #hear(input: Input): Promise<never> {
    for (;;) {
      const { error, handle } = decodeReply(await input.take(REPLY_SIZE), this.name);
      const asked = this.#waiting.get(handle);
      if (!asked) throw new StepError(`${this.name}: the NBD server answers what nobody asked.`);
      if (error !== 0) {
        this.#waiting.delete(handle);
        asked.reject(new StepError(`${this.name}: the NBD server could not do it (error ${error}).`));
        continue;
      }
      const data = await input.take(asked.length);
      this.#waiting.delete(handle);
      asked.resolve(data);
    }
  }
}

/** The bytes of a socket, taken by number. At most one `take` at a time. */
class Input {
  #parts: Buffer[] = [];
  #held = 0;
  #ended: Error | undefined;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#parts.push(chunk);
      this.#held += chunk.length;
      this.#wake();
    });
    const end = (error: Error) => {
      this.#ended ??= error;
      this.#wake();
    };
    socket.on('error', end);
    socket.on('close', () => end(new StepError('The NBD server ended the connection.')));
  }

  async take(length: number): Promise<Uint8Array> {
    while (this.#held < length) {
      if (this.#ended) throw this.#ended;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const rest = all.subarray(length);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return all.subarray(0, length);
  }
}
