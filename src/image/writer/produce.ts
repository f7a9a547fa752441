import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.js';
import { type PartTag, type Piece, type RunTag, unfilled } from '../../formats/bytes.js';
import { decode } from '../../formats/codecs/index.js';
import { release } from './garbage.js';

/** The CRC32 of one whole run, or of a part of it, seen on the way. */
export interface RunChecksum {
  readonly run: RunTag;
  readonly crc: number;
  /** Bytes of the run. */
  readonly part?: { readonly offset: number; readonly length: number };
}

/** Decoded runs kept a thread: neighbouring files share runs, and a run of an inner image may lie across two of the outer. */
const KEPT_RUNS = 4;

/** Host files are read in parts of this many bytes: what is used at once then is still in the processor's cache. */
const PART = 128 << 10;

/** Told when bytes [from, to) of the target are there. */
type Ready = (from: number, to: number) => void;

/** Turns pieces into bytes, synchronously: what a worker thread does all day. */
export class Producer {
  readonly #kept = new Map<string, Uint8Array>();

  /**
   * Fills `target` with the pieces' plain bytes, in order; their lengths add up to its length. Returns the checksums of whole
   * runs. `ready` hears of every part as soon as it is there.
   */
  fill(pieces: readonly Piece[], target: Uint8Array, ready?: Ready): RunChecksum[] {
    const checksums: RunChecksum[] = [];
    this.#fill(pieces, target, checksums, ready);
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

  #fill(pieces: readonly Piece[], target: Uint8Array, checksums?: RunChecksum[], ready?: Ready): void {
    let at = 0;
    for (const piece of pieces) {
      const end = at + piece.length;
      switch (piece.kind) {
        case 'zero':
          target.fill(0, at, end);
          ready?.(at, end);
          break;
        case 'bytes':
          target.set(piece.bytes, at);
          ready?.(at, end);
          break;
        case 'host':
          readHost(piece, target, at, checksums, ready);
          break;
        case 'encoded':
          this.#useDecoded(piece, target, at, checksums);
          ready?.(at, end);
          break;
        default:
          piece satisfies never;
      }
      at = end;
    }
  }

  #useDecoded(piece: Piece & { kind: 'encoded' }, target: Uint8Array, at: number, checksums?: RunChecksum[]): void {
    // A run that is used whole will not be asked for again.
    const key = piece.length < piece.plainLength ? identity(piece) : undefined;
    const plain = (key !== undefined && this.#recall(key)) || this.#decode(piece, checksums);
    const wanted = plain.subarray(piece.skip, piece.skip + piece.length);
    target.set(wanted, at);
    if (piece.part) checksums?.push(partChecksum(piece.part, piece.length, crc32(wanted)));
    if (key === undefined) release(plain);
    else this.#keep(key, plain);
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

  /** The plain bytes of the whole run, in a buffer of their own. */
  #decode(piece: Piece & { kind: 'encoded' }, checksums?: RunChecksum[]): Uint8Array {
    const { codec, input, plainLength, file, at, run } = piece;
    const only = input.length === 1 ? input[0] : undefined;
    const stored = only?.kind === 'bytes' ? only.bytes : this.#stored(input);
    const plain = decode(codec, stored, plainLength, { file, at });
    if (only?.kind !== 'bytes') release(stored);
    if (run) checksums?.push({ run, crc: crc32(plain) });
    return plain;
  }

  /** Checksums of an outer image's runs are of no interest here: only whole files of it are accounted for. */
  #stored(input: readonly Piece[]): Uint8Array {
    const bytes = unfilled(input.reduce((sum, piece) => sum + piece.length, 0));
    this.#fill(input, bytes);
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

/** Reads a piece of a host file to `at` in the target, part by part. */
function readHost(
  piece: Piece & { kind: 'host' },
  target: Uint8Array,
  at: number,
  checksums?: RunChecksum[],
  ready?: Ready,
): void {
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
    ready?.(from, from + count);
  }
  if (piece.run) checksums?.push({ run: piece.run, crc });
  if (piece.part) checksums?.push(partChecksum(piece.part, piece.length, crc));
}

function partChecksum({ image, index, offset }: PartTag, length: number, crc: number): RunChecksum {
  return { run: { image, index }, crc, part: { offset, length } };
}
