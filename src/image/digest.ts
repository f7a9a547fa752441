import { Worker } from 'node:worker_threads';
import { type ByteSource, brought, type Piece, piecesOf } from '../formats/bytes.js';
import { type ErrorMessage, revive } from './writer/pool-error.js';

/** Bytes a message. */
const PART = 1 << 20;
/** Messages under way: the thread never waits for the next. */
const AHEAD = 3;

/** The thread's next bytes; `last`: then it answers with the digest. */
export interface DigestRequest {
  readonly pieces: readonly Piece[];
  readonly length: number;
  readonly last: boolean;
}

export type DigestAnswer = { readonly sha1?: string } | { readonly error: ErrorMessage };

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/program/digest-worker.js' : './digest-worker.js',
  import.meta.url,
);

/**
 * The SHA-1 (hex) of all of a source, made by a thread of its own while others read the same bytes: a sequential read that finds
 * them in the page cache, or brings them there. Rejects when `signal` aborts; nothing is read any more by then.
 */
export async function digestInBackground(source: ByteSource, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const worker = new Worker(ENTRY, { resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  worker.unref();
  try {
    return await new Promise<string>((resolve, reject) => {
      let at = 0;
      const next = async () => {
        if (at >= source.size && at > 0) return;
        const length = Math.min(PART, source.size - at);
        const offset = at;
        at += length;
        const pieces = await piecesFrom(source, offset, length);
        const request: DigestRequest = { pieces, length, last: offset + length >= source.size };
        worker.postMessage(request);
      };
      const step = () => {
        next().catch(reject);
      };
      worker.on('message', (answer: DigestAnswer) => {
        if ('error' in answer) reject(revive(answer.error));
        else if (answer.sha1 !== undefined) resolve(answer.sha1);
        else step();
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the thread that makes checksums has ended')));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      for (let i = 0; i < AHEAD && (i === 0 || at < source.size); i++) step();
    });
  } finally {
    await worker.terminate();
  }
}

async function piecesFrom(source: ByteSource, offset: number, length: number): Promise<readonly Piece[]> {
  if (length === 0) return [];
  if (source.pieces) return brought([...piecesOf(source, offset, length)]);
  return [{ kind: 'bytes', bytes: await source.read(offset, length), length }];
}
