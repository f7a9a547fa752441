import type { Random } from '../../helpers/random.js';

/** An input that a reader takes, and what of it is worth changing. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Stretches with structure in them, [first byte, length]: half of all changes are there. Default: everywhere alike. */
  readonly hot?: readonly (readonly [number, number])[];
  /**
   * How whole input is made from a changed `bytes`: compressed, framed, with the checksums that fit, so that a reader does not stop
   * at the door.
   */
  readonly wrap?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** A change in place by somebody who knows the structure; made instead of the others every other time. */
  readonly damage?: (bytes: Uint8Array, random: Random) => void;
}

/** Numbers at which readers trip. */
const ODD: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  8n,
  127n,
  128n,
  255n,
  256n,
  511n,
  512n,
  513n,
  4096n,
  65_535n,
  65_536n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fff0n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1f_ffff_ffff_ffffn,
  0x20_0000_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];
const ODD_TEXT = [
  '0',
  '-1',
  '1',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '0x10',
  '1e9',
  '',
  ' ',
  '00000000000',
];
const MOST_BYTES = 1 << 20;

/** One changed form of a sample; `others` are samples of the same reader, for parts of them. */
export async function mutated(sample: Sample, others: readonly Sample[], random: Random): Promise<Uint8Array> {
  let bytes = Uint8Array.from(sample.bytes);
  if (sample.damage && random.below(2) === 0) {
    sample.damage(bytes, random);
    return bytes;
  }
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes; i++) {
    const way = random.pick(WAYS);
    bytes = Uint8Array.from(way(bytes, { random, hot: sample.hot, others })).subarray(0, MOST_BYTES);
  }
  return sample.wrap ? sample.wrap(bytes) : bytes;
}

interface Around {
  readonly random: Random;
  readonly hot: Sample['hot'];
  readonly others: readonly Sample[];
}
type Way = (bytes: Uint8Array, around: Around) => Uint8Array;

/** A place to change; `room` bytes fit behind it where there are as many. */
function place(bytes: Uint8Array, { random, hot }: Around, room = 1): number {
  const last = Math.max(0, bytes.length - room);
  if (!hot || hot.length === 0 || random.below(4) === 0) return random.below(last + 1);
  const [start, length] = random.pick(hot);
  return Math.min(last, start + random.below(Math.max(1, length)));
}

function stretch(bytes: Uint8Array, around: Around): [number, number] {
  const at = place(bytes, around);
  const { random } = around;
  const most = random.pick([4, 16, 64, 512, 4096]);
  return [at, Math.min(bytes.length, at + 1 + random.below(most))];
}

function write(bytes: Uint8Array, at: number, size: number, value: bigint, little: boolean): void {
  for (let i = 0; i < size; i++) {
    const byte = Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 0xffn);
    const to = little ? at + i : at + size - 1 - i;
    if (to < bytes.length) bytes[to] = byte;
  }
}

function read(bytes: Uint8Array, at: number, size: number, little: boolean): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) {
    value = (value << 8n) | BigInt(bytes[little ? at + size - 1 - i : at + i] ?? 0);
  }
  return value;
}

function flipBit(bytes: Uint8Array, around: Around): Uint8Array {
  const at = place(bytes, around);
  if (at < bytes.length) bytes[at]! ^= 1 << around.random.below(8);
  return bytes;
}

function setByte(bytes: Uint8Array, around: Around): Uint8Array {
  const at = place(bytes, around);
  if (at < bytes.length) bytes[at] = around.random.pick([0, 1, 0x7f, 0x80, 0xff, around.random.below(256)]);
  return bytes;
}

/** A field of 1 to 8 bytes, in either order: an odd number, a near one, or one that has to do with the input's size. */
function setNumber(bytes: Uint8Array, around: Around): Uint8Array {
  const { random } = around;
  const size = random.pick([1, 2, 2, 4, 4, 4, 8, 8]);
  const little = random.below(2) === 0;
  const align = random.below(4) === 0 ? 1 : Math.min(size, 4);
  const at = place(bytes, around, size);
  const from = at - (at % align);
  const old = read(bytes, from, size, little);
  const total = BigInt(bytes.length);
  const values = [
    random.pick(ODD),
    random.pick(ODD),
    old + 1n,
    old - 1n,
    old * 2n,
    old / 2n,
    total,
    total - 1n,
    total - BigInt(from),
    BigInt(random.below(bytes.length + 1)),
  ];
  write(bytes, from, size, random.pick(values), little);
  return bytes;
}

const cut: Way = (bytes, around) => bytes.subarray(0, place(bytes, around));

const drop: Way = (bytes, around) => {
  const [from, to] = stretch(bytes, around);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const repeat: Way = (bytes, around) => {
  const [from, to] = stretch(bytes, around);
  const times = around.random.pick([1, 1, 2, 10, 100]);
  const part = bytes.subarray(from, to);
  return Buffer.concat([bytes.subarray(0, to), ...Array<Uint8Array>(times).fill(part), bytes.subarray(to)]);
};

const blank: Way = (bytes, around) => {
  const [from, to] = stretch(bytes, around);
  return bytes.fill(around.random.pick([0, 0xff, 0x20]), from, to);
};

const move: Way = (bytes, around) => {
  const [from, to] = stretch(bytes, around);
  return bytes.copyWithin(place(bytes, around), from, to);
};

const insert: Way = (bytes, around) => {
  const at = place(bytes, around);
  return Buffer.concat([bytes.subarray(0, at), around.random.bytes(1 + around.random.below(16)), bytes.subarray(at)]);
};

/** A part of another sample. */
const splice: Way = (bytes, around) => {
  const other = around.random.pick(around.others).bytes;
  const [from, to] = stretch(other, { ...around, hot: undefined });
  const at = place(bytes, around);
  const behind = around.random.below(2) === 0 ? at : at + to - from;
  return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(behind)]);
};

/** In text: another number, or an element once more, inside itself, or gone. In anything else the same as `setNumber`. */
const text: Way = (bytes, around) => {
  const { random } = around;
  const latin = Buffer.from(bytes).toString('latin1');
  const numbers = [...latin.matchAll(/\d{1,20}/g)];
  const elements = [...latin.matchAll(/<(\w+)[^<>]*>[^<>]{0,200}<\/\1>/g)];
  if (!/^\s*[<{[]/.test(latin) || numbers.length + elements.length === 0) return setNumber(bytes, around);
  if (elements.length === 0 || (numbers.length > 0 && random.below(2) === 0)) {
    const { 0: old, index } = random.pick(numbers);
    return Buffer.from(latin.slice(0, index) + random.pick(ODD_TEXT) + latin.slice(index + old.length), 'latin1');
  }
  const { 0: old, index } = random.pick(elements);
  const { 0: other } = random.pick(elements);
  const now = random.pick(['', old + old, other, old.repeat(50), old.replace('>', `>${other}`)]);
  return Buffer.from(latin.slice(0, index) + now + latin.slice(index + old.length), 'latin1');
};

const WAYS: readonly Way[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  setNumber,
  setNumber,
  text,
  text,
  text,
  cut,
  drop,
  repeat,
  blank,
  move,
  insert,
  splice,
];
