import { deflateSync } from 'node:zlib';
import { type ByteSource, checkRange } from '../../src/formats/bytes.js';
import { mix, Random, seedFor } from './random.js';

/** What a file's bytes look like to a compressor; 'sparse' is code among pages of zeros, as binaries and resources have them. */
export type Texture = 'text' | 'code' | 'noise' | 'sparse';

const BLOCK = 4096;
const POOL = 4 << 20;
/** Bytes at the start of each block that are its own, so that no two blocks of an installer are equal. */
const STAMP = 16;
/** Of so many blocks of a sparse file one is not zeros. */
const FILLED = 5;

/**
 * Makes file contents on demand, at any offset, without keeping them: text and code are cut out of two pools of pseudo-words
 * (far wider than deflate's 32 KiB window), noise is generated. Same seed, same bytes.
 */
export class Contents {
  private readonly pools: { readonly text: Uint8Array; readonly code: Uint8Array };
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
    // Shares of random bytes that make deflate reach about 35 % and 41 %, as with real plists and real binaries.
    this.pools = { text: wordPool(seedFor(seed, 'text'), 10), code: wordPool(seedFor(seed, 'code'), 95) };
  }

  /** A source of `size` bytes that only this name has. */
  file(name: string, size: number, texture: Texture): ByteSource {
    const seed = seedFor(this.seed, name);
    const sparse = texture === 'sparse';
    const pool = texture === 'noise' ? undefined : this.pools[texture === 'sparse' ? 'code' : texture];
    return new MadeContent(name, size, seed, pool, sparse);
  }
}

/** One file's bytes. A class, because a system has tens of thousands of them. */
class MadeContent implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly seed: number;
  private readonly pool: Uint8Array | undefined;
  private readonly sparse: boolean;

  constructor(name: string, size: number, seed: number, pool: Uint8Array | undefined, sparse: boolean) {
    this.name = name;
    this.size = size;
    this.seed = seed;
    this.pool = pool;
    this.sparse = sparse;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    // Whole blocks, since a block is made at once; the result is the part asked for.
    const first = Math.floor(offset / BLOCK);
    const last = Math.ceil((offset + length) / BLOCK);
    const bytes = Buffer.allocUnsafeSlow((last - first) * BLOCK);
    if (this.pool) fillFrom(this.pool, bytes, this.seed, first);
    else fillNoise(bytes, this.seed, first);
    if (this.sparse) clearBlocks(bytes, this.seed, first);
    return bytes.subarray(offset - first * BLOCK, offset - first * BLOCK + length);
  }
}

/** Fills whole blocks with words of a pool, starting where the seed says, each block with its own stamp. */
function fillFrom(pool: Uint8Array, bytes: Buffer, seed: number, first: number): void {
  const start = (mix(seed, 1) % (POOL / BLOCK)) * BLOCK;
  for (let at = 0; at < bytes.length; ) {
    const from = (start + first * BLOCK + at) % POOL;
    const take = Math.min(POOL - from, bytes.length - at);
    bytes.set(pool.subarray(from, from + take), at);
    at += take;
  }
  for (let at = 0, block = first; at < bytes.length; at += BLOCK, block++) {
    for (let i = 0; i < STAMP; i += 4) bytes.writeUInt32LE(mix(seed + i, block), at + i);
  }
}

/** Zeros in all blocks but the first and one in FILLED of the others. */
function clearBlocks(bytes: Buffer, seed: number, first: number): void {
  for (let at = 0, block = first; at < bytes.length; at += BLOCK, block++) {
    if (block > 0 && mix(seed + 7, block) % FILLED !== 0) bytes.fill(0, at, at + BLOCK);
  }
}

/** Fills whole blocks with bytes that no compressor can shorten (xorshift32, seeded anew for each block). */
function fillNoise(bytes: Buffer, seed: number, first: number): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let at = 0, block = first; at < words.length; block++) {
    let x = mix(seed, block) || 1;
    for (const end = at + BLOCK / 4; at < end; at++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      words[at] = x;
    }
  }
}

/** POOL bytes of pseudo-words, of which `random` in a thousand tokens are four random bytes. */
function wordPool(seed: number, random: number): Uint8Array {
  const dice = new Random(seed);
  const words: Buffer[] = [];
  for (let i = 0; i < 2048; i++) {
    const word = Buffer.alloc(dice.between(3, 11));
    for (let j = 0; j < word.length; j++) word[j] = j === 0 ? 0x20 : 0x61 + dice.below(26);
    words.push(word);
  }
  const pool = Buffer.alloc(POOL);
  for (let at = 0; at < POOL; ) {
    if (dice.chance(random)) {
      at = Math.min(POOL, pool.writeUInt32LE(dice.next(), Math.min(at, POOL - 4)));
      continue;
    }
    // Squaring the draw prefers the first words, as in any language.
    const draw = dice.below(2048);
    const word = words[(draw * draw) >>> 11] as Buffer;
    at += word.copy(pool, at);
  }
  return pool;
}

/** A source that is `head` followed by `rest` (a Mach-O header before made-up code). */
export function withHead(head: Uint8Array, rest: ByteSource): ByteSource {
  const source: ByteSource = {
    name: rest.name,
    size: head.length + rest.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      if (offset >= head.length) return rest.read(offset - head.length, length);
      const fromHead = head.subarray(offset, offset + length);
      if (fromHead.length === length) return fromHead;
      return Buffer.concat([fromHead, await rest.read(0, length - fromHead.length)]);
    },
  };
  return source;
}

const SAMPLES = 4;
const SAMPLE = 4096;

/** Whether bytes can be compressed: whether one of a few samples shrinks. */
export function looksSoft(bytes: Uint8Array): boolean {
  return samplesOf(bytes.length).some(({ at, length }) => shrinks(bytes.subarray(at, at + length)));
}

function samplesOf(length: number): { at: number; length: number }[] {
  if (length <= SAMPLE) return [{ at: 0, length }];
  return Array.from({ length: SAMPLES }, (_, i) => {
    return { at: Math.floor(((length - SAMPLE) * i) / (SAMPLES - 1)), length: SAMPLE };
  });
}

function shrinks(bytes: Uint8Array): boolean {
  return deflateSync(bytes, { level: 1 }).length < bytes.length * 0.95;
}
