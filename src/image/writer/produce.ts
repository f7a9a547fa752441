import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.js';
import { copyInto, unfilled } from '../../formats/bytes.js';
import { decode } from '../../formats/codecs/index.js';
import type { PartTag, Piece, RunTag } from '../../formats/pieces.js';
import { release } from './release.js';

/** The CRC32 of one whole run, or of a part of it, seen on the way. */
export interface RunChecksum {
  readonly run: RunTag;
  readonly crc: number;
  /** Bytes of the run. */
  readonly part?: { readonly offset: number; readonly length: number };
}

/** Decoded runs kept a thread: neighbouring files share runs, and a run of an inner image may lie across two of the outer. */
const KEPT_RUNS = 4;

/** Room for stored bytes is taken in multiples of this. */
const ROOM = 1 << 20;

/** Host files are read in parts of this many bytes: what is used at once then is still in the processor's cache. */
const PART = 128 << 10;

/** Turns pieces into bytes, synchronously: what a worker thread does all day. */
export class Producer {
  /** Stored bytes of the run that is being decoded, and of the runs those lie in; used again. */
  readonly #stored: Uint8Array[] = [];
  #depth = 0;
  readonly #kept = new Map<string, Uint8Array>();

  /**
   * Fills `target` with the pieces' plain bytes, in order; their lengths add up to its length. Returns the checksums of whole
   * runs.
   */
  fill(pieces: readonly Piece[], target: Uint8Array): RunChecksum[] {
    const checksums: RunChecksum[] = [];
    this.#fill(pieces, target, checksums);
    return checksums;
  }

  #fill(pieces: readonly Piece[], target: Uint8Array, checksums?: RunChecksum[]): void {
    let at = 0;
    for (const piece of pieces) {
      const end = at + piece.length;
      switch (piece.kind) {
        case 'zero':
          target.fill(0, at, end);
          break;
        case 'bytes':
          copyInto(target, piece.bytes, at);
          if (piece.run) checksums?.push({ run: piece.run, crc: crc32(piece.bytes) });
          if (piece.part) checksums?.push(partChecksum(piece.part, piece.length, crc32(piece.bytes)));
          break;
        case 'far':
          throw new Error(`${piece.file}: what is far away is brought before a thread gets it`);
        case 'host':
          readHost(piece, target, at, checksums);
          break;
        case 'encoded':
          this.#useDecoded(piece, target, at, checksums);
          break;
        default:
          piece satisfies never;
      }
      at = end;
    }
  }

  #useDecoded(piece: Piece & { kind: 'encoded' }, target: Uint8Array, at: number, checksums?: RunChecksum[]): void {
    const { skip, length, plainLength, part } = piece;
    // A run that is used whole will not be asked for again.
    const whole = length === plainLength;
    const key = whole ? undefined : identity(piece);
    const place = target.subarray(at, at + length);
    const plain = (key && this.#recall(key)) || this.#decode(piece, checksums, whole ? place : undefined);
    const inPlace = plain === place;
    if (!inPlace) copyInto(place, plain.subarray(skip, skip + length), 0);
    if (part) checksums?.push(partChecksum(part, length, crc32(place)));
    if (key) this.#keep(key, plain);
    else if (!inPlace) release(plain);
  }

  #recall(key: string): Uint8Array | undefined {
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    return known;
  }

  #keep(key: string, plain: Uint8Array): void {
    this.#kept.set(key, plain);
    if (this.#kept.size <= KEPT_RUNS) return;
    const [oldest, bytes] = this.#kept.entries().next().value!;
    this.#kept.delete(oldest);
    release(bytes);
  }

  /** The plain bytes of the whole run: `out`, or in a buffer of their own. */
  #decode(piece: Piece & { kind: 'encoded' }, checksums?: RunChecksum[], out?: Uint8Array): Uint8Array {
    const { codec, input, plainLength, file, at, run } = piece;
    const only = input.length === 1 ? input[0] : undefined;
    const stored = only?.kind === 'bytes' ? only.bytes : this.#gather(input);
    const plain = decode(codec, stored, plainLength, { file, at }, out);
    if (run) checksums?.push({ run, crc: crc32(plain) });
    return plain;
  }

  /** Checksums of an outer image's runs are of no interest here: only whole files of it are accounted for. */
  #gather(input: readonly Piece[]): Uint8Array {
    const length = input.reduce((sum, piece) => sum + piece.length, 0);
    const depth = this.#depth++;
    try {
      const bytes = this.#room(depth, length).subarray(0, length);
      this.#fill(input, bytes);
      return bytes;
    } finally {
      this.#depth--;
    }
  }

  #room(depth: number, length: number): Uint8Array {
    const room = this.#stored[depth];
    if (room && room.length >= length) return room;
    if (room) release(room);
    this.#stored[depth] = unfilled(Math.ceil(length / ROOM) * ROOM);
    return this.#stored[depth];
  }
}

/**
 * What names the stored bytes of an encoded piece beyond doubt; undefined where nobody says where they are from. `skip` and
 * `length` of the piece itself say which part of its plain bytes is used; those of its inputs say which bytes are decoded.
 */
function identity(piece: Piece & { kind: 'encoded' }): string | undefined {
  const inputs: string[] = [];
  for (const input of piece.input) {
    if (input.kind === 'host') inputs.push(`${input.opening}:${input.offset}+${input.length}`);
    else if (input.kind === 'zero') inputs.push(`0+${input.length}`);
    else if (input.kind === 'bytes' || input.kind === 'far') {
      if (input.origin === undefined) return undefined;
      inputs.push(`${input.origin}+${input.length}`);
    } else {
      const inner = identity(input);
      if (inner === undefined) return undefined;
      inputs.push(`${inner}[${input.skip}+${input.length}]`);
    }
  }
  return `${piece.codec}(${inputs.join()})`;
}

/** Reads a piece of a host file to `at` in the target, part by part. */
function readHost(piece: Piece & { kind: 'host' }, target: Uint8Array, at: number, checksums?: RunChecksum[]): void {
  let crc = 0;
  for (let done = 0; done < piece.length; ) {
    const from = at + done;
    const count = readSync(piece.fd, target, from, Math.min(PART, piece.length - done), piece.offset + done);
    if (count === 0) {
      throw new FormatError({
        file: piece.file,
        structure: 'file',
        offset: piece.offset + done,
        expected: `${piece.length - done} more bytes`,
        found: 'end of file (did it shrink meanwhile?)',
      });
    }
    done += count;
    if ((piece.run || piece.part) && checksums) crc = crc32(target.subarray(from, from + count), crc);
  }
  if (piece.run) checksums?.push({ run: piece.run, crc });
  if (piece.part) checksums?.push(partChecksum(piece.part, piece.length, crc));
}

function partChecksum({ image, index, offset }: PartTag, length: number, crc: number): RunChecksum {
  return { run: { image, index }, crc, part: { offset, length } };
}
