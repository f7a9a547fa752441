// A thread that makes bytes out of pieces, into shared memory. It holds no state but its Producer's few decoded runs.
import { parentPort } from 'node:worker_threads';
import type { Piece } from '../../formats/pieces.js';
import type { Answer, Request } from './pool.js';
import { describeError } from './pool-error.js';
import { Producer } from './produce.js';
import { release } from './release.js';

const port = parentPort!;
const producer = new Producer();

port.on('message', (request: Request) => {
  const { id, pieces, length, slot, at } = request;
  let answer: Answer;
  try {
    answer = { id, checksums: producer.fill(pieces, new Uint8Array(slot, at ?? 0, length)) };
  } catch (error) {
    answer = { id, error: describeError(error) };
  }
  port.postMessage(answer);
  // What came with the request is this thread's own; what is shared belongs to who asked.
  letGo(pieces);
});

function letGo(pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (piece.kind === 'encoded') letGo(piece.input);
    else if (piece.kind === 'bytes' && !(piece.bytes.buffer instanceof SharedArrayBuffer)) release(piece.bytes);
  }
}
