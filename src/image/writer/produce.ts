import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.js';
import type { Piece, RunTag } from '../../formats/bytes.js';
import { decode } from '../../formats/codecs/index.js';

/** The CRC32 of one whole run, seen on the way. */
export interface RunChecksum {
  readonly run: RunTag;
  readonly crc: number;
}

/** Decoded runs kept a thread: neighbouring files share runs, and a run of an inner image may lie across two of the outer. */
const KEPT_RUNS = 4;

/** Turns pieces into bytes, synchronously: what a worker thread does all day. */
export class Producer {
  readonly #kept = new Map<string, Uint8Array>();

  /** Fills `target` with the pieces' plain bytes, in order; their lengths add up to its length. Returns the runs' checksums. */
  fill(pieces: readonly Piece[], target: Uint8Array): RunChecksum[] {
    const checksums: RunChecksum[] = [];
    let at = 0;
    for (const piece of pieces) {
      const part = target.subarray(at, at + piece.length);
      this.#fillOne(piece, part, checksums);
      at += piece.length;
    }
    return checksums;
  }

  /** The plain bytes of pieces that one buffer holds; of a whole encoded run without another copy. */
  make(pieces: readonly Piece[], length: number): { bytes: Uint8Array; checksums: RunChecksum[] } {
    const [only] = pieces;
    if (pieces.length === 1 && only?.kind === 'encoded' && only.length === only.plainLength) {
      const checksums: RunChecksum[] = [];
      return { bytes: this.#decode(only, checksums), checksums };
    }
    const bytes = new Uint8Array(length);
    return { bytes, checksums: this.fill(pieces, bytes) };
  }

  #fillOne(piece: Piece, target: Uint8Array, checksums: RunChecksum[]): void {
    switch (piece.kind) {
      case 'zero':
        target.fill(0);
        return;
      case 'bytes':
        target.set(piece.bytes);
        return;
      case 'host':
        readHost(piece.fd, piece.offset, target, piece.file);
        if (piece.run) checksums.push({ run: piece.run, crc: crc32(target) });
        return;
      case 'encoded': {
        const plain = this.#decode(piece, checksums);
        target.set(plain.subarray(piece.skip, piece.skip + piece.length));
        return;
      }
      default:
        piece satisfies never;
    }
  }

  #decode(piece: Piece & { kind: 'encoded' }, checksums: RunChecksum[]): Uint8Array {
    // A run that is used whole will not be asked for again.
    const key = piece.length < piece.plainLength ? identity(piece) : undefined;
    const known = key === undefined ? undefined : this.#kept.get(key);
    if (known) {
      this.#kept.delete(key!);
      this.#kept.set(key!, known);
      return known;
    }
    const stored = this.#stored(piece.input);
    const plain = decode(piece.codec, stored, piece.plainLength, { file: piece.file, at: piece.at });
    if (piece.run) checksums.push({ run: piece.run, crc: crc32(plain) });
    if (key !== undefined) {
      this.#kept.set(key, plain);
      if (this.#kept.size > KEPT_RUNS) this.#kept.delete(this.#kept.keys().next().value as string);
    }
    return plain;
  }

  #stored(input: readonly Piece[]): Uint8Array {
    const only = input.length === 1 ? input[0] : undefined;
    if (only?.kind === 'bytes') return only.bytes;
    const bytes = Buffer.allocUnsafeSlow(input.reduce((sum, piece) => sum + piece.length, 0));
    // Checksums of an outer image's runs are of no interest here: only whole files of it are accounted for.
    this.fill(input, bytes);
    return bytes;
  }
}

/**
 * What names the stored bytes of an encoded piece beyond doubt; undefined where they are not on the host's disk. `skip` and
 * `length` of the piece itself say which part of its plain bytes is used; those of its inputs say which bytes are decoded.
 */
function identity(piece: Piece & { kind: 'encoded' }): string | undefined {
  const inputs: string[] = [];
  for (const input of piece.input) {
    if (input.kind === 'host') inputs.push(`${input.opening}:${input.offset}+${input.length}`);
    else if (input.kind === 'zero') inputs.push(`0+${input.length}`);
    else if (input.kind === 'bytes') return undefined;
    else {
      const inner = identity(input);
      if (inner === undefined) return undefined;
      inputs.push(`${inner}[${input.skip}+${input.length}]`);
    }
  }
  return `${piece.codec}(${inputs.join()})`;
}

function readHost(fd: number, offset: number, target: Uint8Array, file: string): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(fd, target, done, target.length - done, offset + done);
    if (count === 0) {
      throw new FormatError({
        file,
        structure: 'file',
        offset: offset + done,
        expected: `${target.length - done} more bytes`,
        found: 'end of file (did it shrink meanwhile?)',
      });
    }
    done += count;
  }
}
