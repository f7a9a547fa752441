import { FormatError, SourceError } from '../../errors.js';
import { type ByteSource, checkRange, piecesOf } from '../bytes.js';
import type { Piece } from '../pieces.js';
import { Fields } from './fields.js';

const SECTOR = 512;
/** Bytes of the header; band data start behind it. */
const HEADER_SIZE = 4096;
/** Band table entries of the one header whose layout is known. */
export const MAX_BANDS = 1008;

/**
 * Opens a UDSP sparse image (.sparseimage) as the disk it stands for; undefined where the source is none. SourceError for one
 * with more bands than one header holds (the layout of those is not known), FormatError for a damaged one. Big-endian:
 *
 *     0 `sprs`                  8 u32 sectors per band    16 u32 sectors in all    32 u32 sectors in all again
 *     4 u32 3                  12 u32 1                   20 12 bytes zero         36 28 bytes zero
 *    64 u32 × 1008: the band in each slot, counted from 1 (0: unused); slot n's data are at 4096 + n × band size
 */
export async function openSparse(source: ByteSource): Promise<ByteSource | undefined> {
  if (source.size < 4) return undefined;
  const magic = await source.read(0, 4);
  if (String.fromCharCode(...magic) !== 'sprs') return undefined;
  if (source.size < HEADER_SIZE) {
    new Fields(magic, source.name, 'sparse image header', 0).fail(`${HEADER_SIZE} bytes`, `${source.size}`);
  }
  const fields = new Fields(await source.read(0, HEADER_SIZE), source.name, 'sparse image header', 0);
  if (fields.u32(4) !== 3) fields.fail('version 3', `${fields.u32(4)}`);
  const bandSectors = fields.u32(8);
  const sectors = fields.u32(16);
  if (bandSectors === 0) fields.fail('a band of at least one sector', '0');
  if (sectors === 0) fields.fail('at least one sector', '0');
  const bands = Math.ceil(sectors / bandSectors);
  if (bands > MAX_BANDS) {
    throw new SourceError(
      `${source.name} is a sparse image with ${bands} bands; osx-iso reads those with at most ${MAX_BANDS}.`,
      { hint: `On a Mac, convert it: hdiutil convert ${JSON.stringify(source.name)} -format UDZO -o copy.dmg` },
    );
  }
  return new SparseImage(source, sectors * SECTOR, bandSectors * SECTOR, readBandTable(fields, bands, bandSectors));
}

/** The position in the file of each band of the disk, -1 for bands that are not there. */
function readBandTable(fields: Fields, bands: number, bandSectors: number): Float64Array {
  const at = new Float64Array(bands).fill(-1);
  for (let slot = 0; slot < MAX_BANDS; slot++) {
    const band = fields.u32(64 + slot * 4) - 1;
    if (band < 0) continue;
    if (band >= bands) fields.fail(`bands up to ${bands}`, `${band + 1} in slot ${slot}`);
    if (at[band] !== -1) fields.fail('each band once', `band ${band + 1} again in slot ${slot}`);
    at[band] = HEADER_SIZE + slot * bandSectors * SECTOR;
  }
  return at;
}

class SparseImage implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly pieces?: (offset: number, length: number) => Iterable<Piece>;
  readonly #source: ByteSource;
  readonly #bandSize: number;
  readonly #bandAt: Float64Array;

  constructor(source: ByteSource, size: number, bandSize: number, bandAt: Float64Array) {
    this.name = source.name;
    this.size = size;
    this.#source = source;
    this.#bandSize = bandSize;
    this.#bandAt = bandAt;
    for (const [band, at] of bandAt.entries()) {
      // The last band of the disk may be cut off at the disk's end.
      const length = Math.min(bandSize, size - band * bandSize);
      if (at !== -1 && at + length > source.size) {
        throw new FormatError({
          file: source.name,
          structure: `sparse image band ${band + 1}`,
          offset: at,
          expected: `${length} bytes inside the ${source.size} bytes there are`,
          found: `an end at ${at + length}`,
        });
      }
    }
    if (source.pieces) this.pieces = (offset, length) => this.#pieces(offset, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const result = new Uint8Array(length);
    for (const span of this.#spans(offset, length)) {
      if (span.at !== -1) result.set(await this.#source.read(span.at, span.length), span.offset - offset);
    }
    return result;
  }

  *#spans(offset: number, length: number): Generator<{ offset: number; at: number; length: number }> {
    for (let here = offset, end = offset + length; here < end; ) {
      const band = Math.floor(here / this.#bandSize);
      const skip = here - band * this.#bandSize;
      const take = Math.min(this.#bandSize - skip, end - here);
      const at = this.#bandAt[band]!;
      yield { offset: here, at: at === -1 ? -1 : at + skip, length: take };
      here += take;
    }
  }

  *#pieces(offset: number, length: number): Generator<Piece> {
    checkRange(this, offset, length);
    for (const { at, length: take } of this.#spans(offset, length)) {
      if (at === -1) yield { kind: 'zero', length: take };
      else yield* piecesOf(this.#source, at, take);
    }
  }
}
