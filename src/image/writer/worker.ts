// A thread that makes bytes out of pieces: into a shared slot and from there into the output file (fill), or for the asking
// thread (decode). It holds no state but its Producer's few decoded runs.
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Answer, Request } from './pool.js';
import { describeError } from './pool-error.js';
import { Producer } from './produce.js';

const port = parentPort!;
const producer = new Producer();

port.on('message', (request: Request) => {
  let answer: Answer;
  const transfer: ArrayBuffer[] = [];
  try {
    if (request.type === 'fill') {
      const slot = new Uint8Array(request.slot, 0, request.length);
      const { fd, offset } = request;
      const checksums = producer.fill(request.pieces, slot, (from, to) => writeAll(fd, slot, from, to, offset));
      answer = { id: request.id, checksums };
    } else {
      const { bytes, checksums } = producer.make(request.pieces, request.length);
      transfer.push(bytes.buffer as ArrayBuffer);
      answer = { id: request.id, checksums, bytes };
    }
  } catch (error) {
    answer = { id: request.id, error: describeError(error) };
  }
  port.postMessage(answer, transfer);
});

/** Writes bytes [from, to) of the slot, whose first byte belongs at `offset` of the file. */
function writeAll(fd: number, slot: Uint8Array, from: number, to: number, offset: number): void {
  for (let done = from; done < to; ) done += writeSync(fd, slot, done, to - done, offset + done);
}
