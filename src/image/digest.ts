import { Worker } from 'node:worker_threads';
import { type ByteSource, piecesOf } from '../formats/bytes.js';
import { type Brought, brought, type Piece } from '../formats/pieces.js';
import { threadModule } from './thread-module.js';
import { type ErrorMessage, revive } from './writer/pool-error.js';

/** Bytes a message. */
const PART = 1 << 20;
/** Parts asked for at once: the thread hardly waits for the next. */
const AHEAD = 3;

/** The thread's next bytes; `last`: then it answers with the digest. */
export interface DigestRequest {
  readonly pieces: readonly Piece[];
  readonly length: number;
  readonly last: boolean;
}

export type DigestAnswer = { readonly sha1?: string } | { readonly error: ErrorMessage };

const ENTRY = threadModule('digest-worker.js', import.meta.url);

/**
 * The SHA-1 (hex) of all of a source, made by a thread of its own while others read the same bytes: a sequential read that finds
 * them in the page cache, or brings them there. Rejects when `signal` aborts; nothing more is asked for by then.
 */
export async function digestInBackground(source: ByteSource, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(ENTRY, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  worker.unref();
  const failed = failureOf(worker, signal);
  const ahead: Promise<Brought>[] = [];
  try {
    let asked = 0;
    for (let at = 0; ; at += PART) {
      for (; ahead.length < AHEAD && (asked < source.size || asked === 0); asked += PART) {
        const pieces = piecesFrom(source, asked, Math.min(PART, source.size - asked));
        // Its failure is met when its turn comes; a reader that stops before never meets it.
        pieces.catch(() => undefined);
        ahead.push(pieces);
      }
      const { pieces, release } = await Promise.race([failed, ahead.shift()!]);
      const answered = new Promise<DigestAnswer>((resolve) => worker.once('message', resolve));
      const length = Math.min(PART, source.size - at);
      const request: DigestRequest = { pieces, length, last: at + length >= source.size };
      worker.postMessage(request);
      const answer = await Promise.race([failed, answered]);
      release();
      if ('error' in answer) throw revive(answer.error);
      if (answer.sha1 !== undefined) return answer.sha1;
    }
  } finally {
    await worker.terminate();
  }
}

/** Rejects when the thread ends or fails, or when the signal aborts. */
function failureOf(worker: Worker, signal: AbortSignal): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the thread that makes checksums has ended')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // Who waits hears of it; nobody may be waiting any more.
  failed.catch(() => undefined);
  return failed;
}

async function piecesFrom(source: ByteSource, offset: number, length: number): Promise<Brought> {
  if (source.pieces) return brought(length === 0 ? [] : [...piecesOf(source, offset, length)]);
  return brought([{ kind: 'bytes', bytes: await source.read(offset, length), length }]);
}
