// The process that is measured: decodes what scripts/bench/decoders.ts has laid out, in one thread, and sends its parent what it took.
import { readFileSync } from 'node:fs';
import { FormatError } from '../../src/errors.js';
import { chunks as chunksOf, fromBytes } from '../../src/formats/bytes.js';
import { bunzip2 } from '../../src/formats/codecs/bzip2.js';
import { decode } from '../../src/formats/codecs/index.js';
import type { Stored } from './decoders.js';

const { codec, file, chunks } = JSON.parse(process.argv[2]!) as Stored;
const stored = readFileSync(file);
const before = process.cpuUsage();
if (codec === 'xz') {
  let at = 0;
  let out: Uint8Array | undefined;
  for (const { length, plain } of chunks) {
    if (out?.length !== plain) out = new Uint8Array(plain);
    decode('xz', stored.subarray(at, at + length), plain, { file, at }, out);
    at += length;
  }
} else {
  try {
    for await (const _ of bunzip2(chunksOf(fromBytes(stored, file)), file));
  } catch (error) {
    // It is cut inside a block: bzip2 gives all before it, too.
    if (!(error instanceof FormatError)) throw error;
  }
}
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / 1e6);
