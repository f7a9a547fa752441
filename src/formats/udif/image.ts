import { type ByteSource, checkRange, copyInto, piecesOf } from '../bytes.js';
import { decode } from '../codecs/index.js';
import type { Piece } from '../pieces.js';
import { decodedRuns } from './cache.js';
import type { Checksum } from './fields.js';
import type { RunIndex } from './runs.js';

/** A blkx table for people: one partition of the disk, or a part of its map. Sectors are 512 bytes. */
export interface UdifPartition {
  /** "disk image (Apple_HFS : 4)" */
  readonly name: string;
  readonly firstSector: number;
  readonly sectorCount: number;
  /** Of the decoded data, without IGNORE runs. */
  readonly checksum: Checksum;
}

/** hdiutil's name of the format. */
export type UdifFormat = 'UDZO' | 'UDBZ' | 'ULFO' | 'ULMO' | 'UDCO' | 'UDRO';

/** What there is to know of an image besides its bytes. */
export interface UdifStructure {
  readonly format: UdifFormat;
  /** 1: a device with a partition map, 2: a single volume. */
  readonly variant: number;
  readonly partitions: readonly UdifPartition[];
  readonly masterChecksum: Checksum;
  /** Of the data fork as stored; often absent. */
  readonly dataChecksum: Checksum;
  /** Bytes, in the file. */
  readonly dataFork: { readonly offset: number; readonly length: number };
  /** Whether the image shows a licence before it is attached. */
  readonly hasLicence: boolean;
}

let opened = 0;
/** More than any image can have: what an image's number is multiplied with to give each run of each image its own. */
const RUNS = 2 ** 32;

/** A UDIF image as the disk it stands for: random access, decoded on demand. */
export class UdifImage implements ByteSource {
  /** One number an open image: what RunTag.image says. */
  readonly id = opened++;
  readonly name: string;
  readonly size: number;
  readonly structure: UdifStructure;
  readonly runs: RunIndex;
  /** The file the image is stored in. */
  readonly source: ByteSource;
  /** Absent where the underlying source has no pieces. */
  readonly pieces?: (offset: number, length: number) => Iterable<Piece>;

  /** Use openUdif. */
  constructor(source: ByteSource, structure: UdifStructure, runs: RunIndex) {
    this.name = source.name;
    this.size = runs.diskBytes;
    this.source = source;
    this.structure = structure;
    this.runs = runs;
    if (source.pieces) this.pieces = (offset, length) => this.#pieces(offset, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const first = this.runs.find(offset);
    const end = offset + length;
    if (first < this.runs.count && this.runs.start[first]! <= offset && this.#end(first) >= end) {
      const bytes = await this.#part(first, offset - this.runs.start[first]!, length);
      if (bytes) return bytes;
    }
    const result = new Uint8Array(length);
    for (let run = first; run < this.runs.count && this.runs.start[run]! < end; run++) {
      const from = Math.max(offset, this.runs.start[run]!);
      const bytes = await this.#part(run, from - this.runs.start[run]!, Math.min(end, this.#end(run)) - from);
      if (bytes) copyInto(result, bytes, from - offset);
    }
    return result;
  }

  /** The decoded bytes of a whole encoded run, past the cache. */
  async decodeRun(run: number): Promise<Uint8Array> {
    const { at, stored, length } = this.runs;
    const kind = this.runs.kind(run);
    if (kind === 'zero' || kind === 'ignore') return new Uint8Array(length[run]!);
    const input = await this.source.read(at[run]!, stored[run]!);
    return kind === 'raw' ? input : decode(kind, input, length[run]!, { file: this.name, at: at[run]! });
  }

  #end(run: number): number {
    return this.runs.start[run]! + this.runs.length[run]!;
  }

  /** Part of one run, undefined where that is zeros. */
  async #part(run: number, skip: number, length: number): Promise<Uint8Array | undefined> {
    const kind = this.runs.kind(run);
    if (kind === 'zero' || kind === 'ignore') return undefined;
    if (kind === 'raw') return this.source.read(this.runs.at[run]! + skip, length);
    const whole = await decodedRuns.get(this.id * RUNS + run, this.runs.length[run]!, () => this.decodeRun(run));
    const part = whole.subarray(skip, skip + length);
    // A copy of small parts: a view would keep the whole run alive long after the cache let go of it.
    return length * 2 > whole.length ? part : part.slice();
  }

  *#pieces(offset: number, length: number): Generator<Piece> {
    checkRange(this, offset, length);
    const { start, at, stored, length: plain } = this.runs;
    const end = offset + length;
    /** Zeros not yet given: gaps and zero runs next to each other become one piece. */
    let zeros = 0;
    let here = offset;
    for (let run = this.runs.find(offset); run < this.runs.count && start[run]! < end; run++) {
      const from = Math.max(here, start[run]!);
      const until = Math.min(end, this.#end(run));
      zeros += from - here;
      here = until;
      const kind = this.runs.kind(run);
      if (kind === 'zero' || kind === 'ignore') {
        zeros += until - from;
        continue;
      }
      if (zeros > 0) yield { kind: 'zero', length: zeros };
      zeros = 0;
      const skip = from - start[run]!;
      const tag = { image: this.id, index: run };
      if (kind === 'raw') {
        let inRun = skip;
        for (const piece of piecesOf(this.source, at[run]! + skip, until - from)) {
          const stored = piece.kind === 'host' || piece.kind === 'far';
          if (stored && piece.length === plain[run]!) yield { ...piece, run: tag };
          else if (stored || piece.kind === 'encoded') yield { ...piece, part: { ...tag, offset: inRun } };
          else yield piece;
          inRun += piece.length;
        }
        continue;
      }
      yield {
        kind: 'encoded',
        codec: kind,
        input: [...piecesOf(this.source, at[run]!, stored[run]!)],
        plainLength: plain[run]!,
        skip,
        length: until - from,
        file: this.name,
        at: at[run]!,
        run: tag,
      };
    }
    zeros += end - here;
    if (zeros > 0) yield { kind: 'zero', length: zeros };
  }
}
