import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bzip2Stream, bzip2 } from '../../../scripts/installer/bzip2.js';
import { Random } from '../../../scripts/installer/random.js';
import { FormatError } from '../../../src/errors.js';
import { readBom } from '../../../src/formats/bom.js';
import { type ByteSource, chunks, fromBytes } from '../../../src/formats/bytes.js';
import { encodeXz } from '../../../src/formats/codecs/xz/write.js';
import { writeCpio } from '../../../src/formats/cpio/index.js';
import { type Entry, type Path, showPath } from '../../../src/formats/entry.js';
import { compareBinary, compareCaseInsensitive } from '../../../src/formats/hfsplus/names.js';
import type { Payload } from '../../../src/formats/payload/coded.js';
import { bzip2Payload } from '../../../src/formats/payload/one-way.js';
import { type Searched, searchPayload } from '../../../src/formats/payload/search/index.js';
import { cpioPayload, pbzxPayload } from '../../../src/formats/payload/seekable.js';
import { walkFound, walkPayload } from '../../../src/formats/payload/walk.js';
import { openPbzx } from '../../../src/formats/pbzx/index.js';
import { joined, orFormatError, patched } from '../../helpers/damage.js';
import { LONG, times, WHOLE } from '../../helpers/long.js';
import { mixedPbzx, pbzxOf } from '../../helpers/pbzx.js';
import { bomOfMade, canary, double, file, folder, keyOf, link, type Made } from './trees.js';

/** A payload in each form that can be searched, in parts of about `size` plain bytes. */
const FORMS = {
  pbzx: async (plain: Buffer, size: number) =>
    pbzxPayload(await openPbzx(fromBytes(mixedPbzx(plain, size), 'Payload'))),
  bzip2: async (plain: Buffer, size: number) => bzip2Of(oneStream(plain, size), size),
  'bzip2 of many streams': async (plain: Buffer, size: number) => bzip2Of(manyStreams(plain, size), size),
  cpio: async (plain: Buffer, size: number) => cpioPayload(fromBytes(plain, 'Payload'), size),
} satisfies Record<string, (plain: Buffer, size: number) => Promise<Payload>>;
type Form = keyof typeof FORMS;
const forms = Object.keys(FORMS) as Form[];

function bzip2Of(packed: Uint8Array, block?: number): Payload {
  const source = fromBytes(packed, 'Payload');
  return bzip2Payload(source, () => chunks(source), { grain: 1, ...(block !== undefined && { block }) });
}

function oneStream(plain: Uint8Array, block: number): Uint8Array {
  const stream = new Bzip2Stream(Math.max(block, 20));
  return Buffer.concat([...stream.write(plain), ...stream.finish()]);
}

function manyStreams(plain: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += size) parts.push(bzip2(plain.subarray(at, at + size)));
  return Buffer.concat(parts);
}

const bomFor = (entries: readonly Made[]) => readBom(bomOfMade(entries), 'Bom');

/** All about the entries of a walk that a copy keeps; what comes again replaces what it was. Links by the names that share a number. */
async function told(walk: AsyncIterable<Entry>): Promise<Record<string, unknown>[]> {
  const found = new Map<string, Record<string, unknown>>();
  const first = new Map<number, string>();
  for await (const { path, kind, bsd, dates, data, resource, finderInfo, xattrs, link: number } of walk) {
    const shown = showPath(path);
    if (number !== undefined && !first.has(number)) first.set(number, shown);
    const bytes = async (source?: ByteSource) =>
      source && Buffer.from(await source.read(0, source.size)).toString('latin1');
    found.set(shown, {
      path: shown,
      kind,
      bsd,
      dates,
      finderInfo: Buffer.from(finderInfo).toString('hex'),
      data: await bytes(data),
      resource: await bytes(resource),
      xattrs: await Promise.all(xattrs.map(async ({ name, value }) => [name, await bytes(value)])),
      link: number === undefined ? undefined : first.get(number),
    });
  }
  return [...found.values()];
}

const read = async (payload: Payload, from: Path, bom: ReturnType<typeof bomFor>) =>
  orFormatError(() => told(walkPayload(payload, from, { listed: new Set(bom.below(from).keys()) })));

// ---- random payloads

const NAMES = ['a', 'B', 'b', 'K', 'Zz', 'zz top', '_x', '.h', '0', 'e\u0301', 'long name that goes on'];
type Sort = 'folded' | 'bytes' | 'depth first' | 'shuffled';

type Trap = 'none' | 'headers' | 'archive' | 'same archive';

interface Sample {
  readonly seed: number;
  readonly count: number;
  readonly sort: Sort;
  readonly trap: Trap;
  readonly form: Form;
  readonly size: number;
}

const samples: fc.Arbitrary<Sample> = fc.record({
  seed: fc.nat(),
  count: fc.integer({ min: 3, max: 45 }),
  sort: fc.constantFrom<Sort>('folded', 'folded', 'bytes', 'depth first', 'shuffled'),
  trap: fc.constantFrom<Trap>('none', 'none', 'headers', 'archive', 'same archive'),
  // bzip2 takes ten times as long to make.
  form: fc.constantFrom<Form>('pbzx', 'pbzx', 'cpio', 'cpio', 'bzip2', 'bzip2 of many streams'),
  size: fc.integer({ min: 90, max: 3000 }),
});

/** A tree with folders, files, links, hard links and AppleDoubles, in some order. */
async function entriesOf({ count, sort, trap }: Sample, next: (below: number) => number): Promise<readonly Made[]> {
  const folders = [''];
  const all = new Map<string, Made[]>();
  const linked: Made[] = [];
  for (let i = 0; i < count; i++) {
    const parent = folders[next(folders.length)]!;
    const name = `${parent}/${NAMES[next(NAMES.length)]}`;
    if (all.has(name)) continue;
    const own = oneEntry(`.${name}`, next, linked);
    if (own.mode === 0o040755) folders.push(name);
    const hasDouble = next(6) === 0 && own.mode !== 0o120755 && own.nlink === undefined;
    all.set(name, hasDouble ? [own, double(`.${name}`)] : [own]);
  }
  for (const [key, real] of linked.entries()) {
    // One more name of it, which may stand before or after.
    const name = `${folders[next(folders.length)]!}/l${key}`;
    if (!all.has(name)) all.set(name, [canary(real, `.${name}`)]);
  }
  const entries = [folder('.'), ...ordered(all, sort, next)];
  return trap === 'none' ? entries : trapped(entries, trap, next);
}

const noise = (length: number, next: (below: number) => number) => Buffer.from(Array.from({ length }, () => next(256)));

function oneEntry(name: string, next: (below: number) => number, linked: Made[]): Made {
  switch (next(8)) {
    case 0:
    case 1:
    case 2:
      return folder(name);
    case 3:
      return link(name, 'target/of it');
    case 4: {
      const real = file(name, noise(20 + next(300), next), { nlink: 2, ino: 1000 + linked.length, dev: 7, mtime: 3 });
      linked.push(real);
      return real;
    }
    case 5:
      return file(name, noise(next(4000), next));
    default:
      return file(name, 'text '.repeat(next(80)));
  }
}

function ordered(all: ReadonlyMap<string, Made[]>, sort: Sort, next: (below: number) => number): Made[] {
  const ranks = new Map([...all.keys()].map((name) => [name, next(10_000)]));
  const byRank = (a: string, b: string) => ranks.get(a)! - ranks.get(b)!;
  if (sort === 'shuffled') {
    const flat = [...all.values()].flat().map((entry) => ({ entry, rank: next(10_000) }));
    return flat.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
  }
  const names = sort === 'folded' ? compareCaseInsensitive : compareBinary;
  const compare = sort === 'depth first' ? byRank : (a: string, b: string) => names(last(a), last(b)) || byRank(a, b);
  const descend = (parent: string): Made[] =>
    [...all.keys()]
      .filter((name) => name.slice(0, name.lastIndexOf('/')) === parent)
      .sort(compare)
      .flatMap((name) => {
        const [own, ...doubles] = all.get(name)!;
        return [own!, ...descend(name), ...doubles];
      });
  return descend('');
}
const last = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/** The same with a file whose content looks like the payload, or is a copy of it; or has the same files, sizes and names, and other bytes. */
async function trapped(
  entries: readonly Made[],
  trap: Trap,
  next: (below: number) => number,
): Promise<readonly Made[]> {
  const inside = entries.map((entry): Made => {
    const bytes = trap === 'same archive' ? entry.bytes : Buffer.alloc(entry.bytes.length, 'x');
    return { ...entry, data: bytes.length > 0 ? [bytes] : [] };
  });
  const copy = await joined(
    writeCpio(trap === 'headers' ? inside.map((one) => ({ ...one, size: 0, data: [] })) : inside),
  );
  // At the top, where its name has its place.
  const name = `${['!', 'C', 'm', '~'][next(4)]} trap`;
  const behind = entries.findIndex(
    (one) => keyOf(one) !== '' && !keyOf(one).includes('/') && compareCaseInsensitive(keyOf(one), name) > 0,
  );
  const at = behind < 0 ? entries.length : behind;
  return [...entries.slice(0, at), file(`./${name}`, copy), ...entries.slice(at)];
}

describe('a search gives what a full read gives', () => {
  it('of any tree in any order, in chunks of any size', async () => {
    const tried = { folded: 0, bytes: 0, 'depth first': 0, shuffled: 0 };
    const found = { folded: 0, bytes: 0, 'depth first': 0, shuffled: 0 };
    await fc.assert(
      fc.asyncProperty(samples, async (sample) => {
        const { form, seed, size, sort } = sample;
        const dice = new Random(seed);
        const entries = await entriesOf(sample, (below) => dice.below(below));
        const bom = bomFor(entries);
        const plain = await joined(writeCpio(entries));
        const from = keyOf(entries[dice.below(entries.length)]!).split('/');
        if (from[0] === '') return;
        const payload = await FORMS[form](plain, size);
        const searched = await searchPayload(payload, from, bom);
        tried[sort]++;
        if (!searched || !('entries' in searched)) return;
        found[sort]++;
        const whole = await read(await FORMS[form](plain, size), from, bom);
        expect(await told(walkFound(searched, from))).toEqual(whole);
        await payload.close();
      }),
      { numRuns: times(1000, 50) },
    );
    // What is in order, and has all of its hard links with it, is found.
    expect(found.folded / tried.folded).toBeGreaterThan(LONG ? 0.6 : 0.2);
  });
});

/** A system of many small files, as large as it has files, in order; a kernel among them. */
function system(files: number, bytesOf: (i: number) => Buffer): Made[] {
  const names = Array.from({ length: files }, (_, i) => `file ${`${i}`.padStart(7, '0')}`);
  const half = Math.floor(files / 2);
  return [
    folder('.'),
    folder('./A'),
    ...names.slice(0, half).map((name, i) => file(`./A/${name}`, bytesOf(i))),
    folder('./K'),
    file('./K/kernel', Buffer.alloc(9000, 'kernel ')),
    folder('./K/more'),
    file('./K/more/x', 'x'),
    double('./K'),
    folder('./Z'),
    ...names.slice(half).map((name, i) => file(`./Z/${name}`, bytesOf(i))),
  ];
}
const KERNEL = ['/K', '/K/kernel', '/K/more', '/K/more/x'];
const K = ['K'];

const found = (searched: Searched | undefined) => {
  if (searched && 'entries' in searched) return searched;
  throw new Error(searched ? searched.missed : 'not searched');
};
const missed = (searched: Searched | undefined) => (searched && 'missed' in searched ? searched.missed : undefined);
const pathsOf = async (searched: Searched | undefined) => {
  const paths: string[] = [];
  for await (const { path, again } of walkFound(found(searched), K)) if (!again) paths.push(showPath(path));
  return paths;
};

/** The same payload with a count of what is looked through for headers. */
function counted(payload: Payload) {
  const count = { blocks: 0, bytes: 0 };
  const entrances = payload.entrances!;
  const block = async function* (entrance: number) {
    count.blocks++;
    for await (const bytes of entrances.block(entrance)) {
      count.bytes += bytes.length;
      yield bytes;
    }
  };
  return { count, payload: { ...payload, entrances: { ...entrances, block } } };
}

/** Another byte in the middle of the part of the stored bytes in which a place of the plain ones lies, as far in as that. */
const spoiled = (stored: Uint8Array, share: number) => {
  const at = Math.floor(stored.length * share);
  return patched(stored, at, Uint8Array.of(stored[at]! ^ 0x55));
};

describe.each(forms)('a search in a %s payload', (form) => {
  const entries = system(2000, (i) => Buffer.alloc(i % 300, `content ${i}`));
  const bom = bomFor(entries);
  const plain = joined(writeCpio(entries));
  const SIZE = 20_000;
  const open = async () => FORMS[form](await plain, SIZE);

  it('looks into few blocks', async () => {
    const { count, payload } = counted(await open());
    const searched = await searchPayload(payload, K, bom);
    expect(await pathsOf(searched)).toEqual(KERNEL);
    expect(found(searched).compared).toBe(true);
    expect(count.blocks).toBeLessThan(12);
    expect(count.bytes).toBeLessThan((await plain).length / 2);
  });

  it('gives each file and folder there is', async () => {
    const payload = await open();
    for (const { name } of entries.filter((_, i) => i % 401 === 0)) {
      const from = keyOf({ name }).split('/');
      if (from[0] !== '')
        expect(await told(walkFound(found(await searchPayload(payload, from, bom)), from))).toHaveLength(
          name === './Z' ? 1001 : 1,
        );
    }
  });

  it('says why the payload has to be read', async () => {
    const payload = await open();
    expect(missed(await searchPayload(payload, ['nothing'], bom))).toBe('the Bom does not list it');
    const wrong = (key: string, more: Partial<Made>) =>
      bomFor(entries.map((entry) => (keyOf(entry) === key ? { ...entry, ...more } : entry)));
    const search = async (other: ReturnType<typeof bomFor>) => searchPayload(payload, K, other);
    expect(await search(wrong('K/kernel', { real: Buffer.alloc(9000, 'colonel ') }))).toEqual({
      missed: './K/kernel has another checksum than in the Bom',
      damage: true,
    });
    expect(missed(await search(wrong('K/kernel', { real: Buffer.alloc(8999) })))).toContain('in the Bom 8999');
    expect(missed(await search(wrong('K/more/x', { mode: 0o120755 })))).toContain('is no symlink');
    expect(missed(await search(bomFor([...entries, file('./K/none', '')])))).toContain(
      'before all of what is wanted has come',
    );
    expect(missed(await search(bomFor(entries.filter((one) => keyOf(one) !== 'K/kernel'))))).toContain(
      'is not in the Bom',
    );
    expect(await searchPayload(payload, K, undefined)).toBe(undefined);
  });
});

describe('damage', () => {
  const entries = system(2000, (i) => Buffer.from(`${i} `.repeat(i % 60)));
  const bom = bomFor(entries);
  const plain = joined(writeCpio(entries));

  it.each([
    ['pbzx', /Payload: pbzx chunk \d+, .* at byte \d+: expected/],
    ['bzip2', /Payload: bzip2 block( \d+)? at byte \d+: expected/],
  ] as const)('outside the way of a %s search does not matter; on it, it is a FormatError', async (form, says) => {
    const bytes = await plain;
    const packed = form === 'pbzx' ? compressedPbzx(bytes, 10_000) : oneStream(bytes, 10_000);
    const search = async (stored: Uint8Array) => {
      const payload = form === 'pbzx' ? pbzxPayload(await openPbzx(fromBytes(stored, 'Payload'))) : bzip2Of(stored);
      return orFormatError(async () => pathsOf(await searchPayload(payload, K, bom)));
    };
    const kernelAt = bytes.indexOf('./K/kernel') / bytes.length;
    expect(await search(spoiled(packed, 0.02))).toEqual(KERNEL);
    expect(await search(spoiled(packed, 0.97))).toEqual(KERNEL);
    const outcomes: unknown[] = [];
    for (let off = -0.03; off < 0.03; off += 0.005) outcomes.push(await search(spoiled(packed, kernelAt + off)));
    const errors = outcomes.filter((outcome) => outcome instanceof FormatError);
    expect(errors.length).toBeGreaterThan(0);
    for (const { message } of errors) expect(message).toMatch(says);
    for (const outcome of outcomes) if (!(outcome instanceof FormatError)) expect(outcome).toEqual(KERNEL);
  });
});

/** Chunks that are really compressed; a changed byte in one may be found, as LZMA says how long it is. */
function compressedPbzx(plain: Buffer, size: number): Buffer {
  const parts: { stored: Uint8Array; plain: number }[] = [];
  for (let at = 0; at < plain.length; at += size) {
    const part = plain.subarray(at, at + size);
    parts.push({ stored: encodeXz(part, { check: 'crc32' }), plain: part.length });
  }
  return pbzxOf(parts);
}

describe('hostile payloads', () => {
  it.each(forms)('%s: one file over many parts, of bytes that look like headers', async (form) => {
    const head = await joined(writeCpio([{ name: './K', mode: 0o040755 }]));
    const lure = Buffer.alloc(300_000, head.subarray(0, 80));
    const entries = [folder('.'), file('./B', lure), folder('./K'), file('./K/k', 'kernel'), file('./L', lure)];
    const payload = await FORMS[form](await joined(writeCpio(entries)), 7_000);
    const searched = await searchPayload(payload, K, bomFor(entries));
    if (missed(searched) === undefined) expect(await pathsOf(searched)).toEqual(['/K', '/K/k']);
  });

  it('a size beyond the end', async () => {
    const entries = system(300, () => Buffer.from('some'));
    const bytes = await joined(writeCpio(entries));
    const at = bytes.indexOf('./K/kernel');
    const lying = patched(bytes, at - 11, '77777777777');
    for (const form of forms) {
      const searched = await searchPayload(await FORMS[form](lying, 5000), K, bomFor(entries));
      expect(missed(searched)).toContain('in the Bom 9000');
    }
  });

  it('hard links that differ in size alone are two files: the bytes of one are not those of the other', async () => {
    const links = { nlink: 2, ino: 5 };
    const a = file('./K/a', 'a'.repeat(20), links);
    const c = file('./Z/c', 'c'.repeat(30), links);
    const entries = [folder('.'), folder('./K'), a, canary(c, './K/b'), canary(a, './K/d'), folder('./Z'), c];
    const payload = cpioPayload(fromBytes(await joined(writeCpio(entries)), 'Payload'), 100);
    expect(missed(await searchPayload(payload, K, bomFor(entries)))).toBe('a hard-linked file has its bytes elsewhere');
  });

  it('very many entries', async () => {
    const nothing = Buffer.alloc(0);
    // With the eight around the kernel as many as are read at all.
    const entries = system(WHOLE ? 999_992 : LONG ? 300_000 : 20_000, () => nothing);
    const plain = await joined(writeCpio(entries));
    const bom = bomFor(entries);
    const { count, payload } = counted(cpioPayload(fromBytes(plain, 'Payload'), 100_000));
    expect(await pathsOf(await searchPayload(payload, K, bom))).toEqual(KERNEL);
    expect(count.blocks).toBeLessThan(30);
  });
});
