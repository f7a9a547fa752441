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
      const checksums = producer.fill(request.pieces, slot);
      writeAll(request.fd, slot, request.offset);
      answer = { id: request.id, checksums };
    } else {
      const bytes = new Uint8Array(request.length);
      const checksums = producer.fill(request.pieces, bytes);
      transfer.push(bytes.buffer);
      answer = { id: request.id, checksums, bytes };
    }
  } catch (error) {
    answer = { id: request.id, error: describeError(error) };
  }
  port.postMessage(answer, transfer);
});

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}
