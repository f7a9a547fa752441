// A thread that hashes what it is sent, in order.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { DigestAnswer, DigestRequest } from './digest.js';
import { describeError } from './writer/pool-error.js';
import { Producer } from './writer/produce.js';

const port = parentPort!;
const hash = createHash('sha1');
const producer = new Producer();
let buffer = new Uint8Array(0);

port.on('message', ({ pieces, length, last }: DigestRequest) => {
  let answer: DigestAnswer;
  try {
    if (buffer.length < length) buffer = new Uint8Array(length);
    const part = buffer.subarray(0, length);
    producer.fill(pieces, part);
    hash.update(part);
    answer = last ? { sha1: hash.digest('hex') } : {};
  } catch (error) {
    answer = { error: describeError(error) };
  }
  port.postMessage(answer);
});
