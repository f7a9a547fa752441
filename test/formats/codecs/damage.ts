import { readFileSync } from 'node:fs';
import { FormatError } from '../../../src/errors.js';

export const WHERE = { file: 'disk.dmg', at: 4711 };

/** A file of test/fixtures. */
export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
}

/** The stream cut at every length, and with every byte changed in three ways. */
export function* damaged(stream: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < stream.length; length++) yield stream.subarray(0, length);
  for (let at = 0; at < stream.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      // Not slice(): a Buffer's shares its bytes.
      const copy = Uint8Array.from(stream);
      copy[at]! ^= flip;
      yield copy;
    }
  }
}

/** What a decoder made of damaged input. Anything but a FormatError that says where is a failure. */
export function outcome(run: () => Uint8Array): Uint8Array | FormatError {
  try {
    return run();
  } catch (error) {
    // Plain ifs: an expect() for each of a hundred thousand errors would take longer than the decoding.
    if (!(error instanceof FormatError)) throw error;
    const { file, offset, expected, found } = error.fault;
    if (file !== WHERE.file || offset !== WHERE.at || !expected || !found || /undefined|NaN/.test(expected + found)) {
      throw new Error(`an error that does not say what and where: ${error.message}`);
    }
    return error;
  }
}

/** Counts what became of all damaged forms of a stream. */
export function survey(stream: Uint8Array, plain: Uint8Array, decode: (damaged: Uint8Array) => Uint8Array) {
  const count = { refused: 0, right: 0, wrong: 0 };
  // Under vitest a stack trace costs more than the decoding.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  for (const bad of damaged(stream)) {
    const result = outcome(() => decode(bad));
    if (result instanceof FormatError) count.refused++;
    else {
      if (result.length !== plain.length) throw new Error(`${result.length} bytes, not ${plain.length}`);
      if (Buffer.compare(result, plain) === 0) count.right++;
      else count.wrong++;
    }
  }
  Error.stackTraceLimit = stackTraceLimit;
  return count;
}
