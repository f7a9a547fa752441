// A thread that makes bytes out of pieces: into shared memory, and from there into the output file where one is given. It holds no
// state but its Producer's few decoded runs.
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Piece } from '../../formats/bytes.js';
import type { Answer, Request } from './pool.js';
import { describeError } from './pool-error.js';
import { Producer } from './produce.js';
import { release } from './release.js';

const port = parentPort!;
const producer = new Producer();

port.on('message', (request: Request) => {
  const { id, pieces, length, file } = request;
  const slot = new Uint8Array(request.slot, 0, length);
  let answer: Answer;
  try {
    const write = file && ((from: number, to: number) => writeAll(file.fd, slot, from, to, file.offset));
    answer = { id, checksums: producer.fill(pieces, slot, write) };
  } catch (error) {
    answer = { id, error: describeError(error) };
  }
  port.postMessage(answer);
  // They came with the request and are this thread's own.
  letGo(pieces);
});

function letGo(pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (piece.kind === 'bytes') release(piece.bytes);
    else if (piece.kind === 'encoded') letGo(piece.input);
  }
}

/** Writes bytes [from, to) of the slot, whose first byte belongs at `offset` of the file. */
function writeAll(fd: number, slot: Uint8Array, from: number, to: number, offset: number): void {
  for (let done = from; done < to; ) done += writeSync(fd, slot, done, to - done, offset + done);
}
