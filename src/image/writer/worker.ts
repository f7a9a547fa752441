// A thread that makes bytes out of pieces, into shared memory, and hashes what came of it. It holds no state but its Producer's few
// decoded runs, and the hashes under way.
import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { Piece } from '../../formats/pieces.js';
import type { Answer, Hashing, Job, Request, Result } from './pool.js';
import { describeError } from './pool-error.js';
import { Producer } from './produce.js';
import { release } from './release.js';

const port = parentPort!;
const producer = new Producer();
const hashes = new Map<number, Hash>();

port.on('message', (request: Request) => {
  const { id } = request;
  let answer: Answer;
  try {
    answer = { id, ...done(request) };
  } catch (error) {
    answer = { id, error: describeError(error) };
  }
  port.postMessage(answer);
  // What came with the request is this thread's own; what is shared belongs to who asked.
  if ('pieces' in request) letGo(request.pieces);
});

function done(job: Job): Result {
  if ('hash' in job) return hashed(job);
  return { checksums: producer.fill(job.pieces, new Uint8Array(job.slot, job.at ?? 0, job.length)) };
}

function hashed({ hash, next }: Hashing): Result {
  if (next === 'end') {
    const hex = hashes.get(hash)!.digest('hex');
    hashes.delete(hash);
    return { hex };
  }
  if (next instanceof Uint8Array) hashes.get(hash)!.update(next);
  else hashes.set(hash, createHash(next.begin));
  return {};
}

function letGo(pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (piece.kind === 'encoded') letGo(piece.input);
    else if (piece.kind === 'bytes' && !(piece.bytes.buffer instanceof SharedArrayBuffer)) release(piece.bytes);
  }
}
