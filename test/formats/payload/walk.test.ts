import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { type CpioInput, writeCpio } from '../../../src/formats/cpio/index.js';
import { type Entry, type Path, showPath } from '../../../src/formats/entry.js';
import { HfsVolume } from '../../../src/formats/hfsplus/volume.js';
import { emptyVolume, StagedVolume } from '../../../src/formats/hfsplus/write/index.js';
import { HardLinks } from '../../../src/formats/payload/links.js';
import { openPackage } from '../../../src/formats/payload.js';
import { writeXar, type XarInput } from '../../../src/formats/xar/index.js';
import { appleDouble } from '../../helpers/appledouble.js';
import { bomOfNames } from '../../helpers/bom.js';
import { joined } from '../../helpers/damage.js';
import { times } from '../../helpers/long.js';
import { mixedPbzx } from '../../helpers/pbzx.js';
import * as trees from './trees.js';

const FORMS: Record<string, (bytes: Buffer) => Uint8Array> = {
  cpio: (bytes) => bytes,
  gzip: (bytes) => Buffer.concat([gzipSync(bytes), Buffer.alloc(300)]),
  pbzx: (bytes) => mixedPbzx(bytes, 777),
};

async function xarOf(members: readonly XarInput[]): Promise<ByteSource> {
  const parts: Uint8Array[] = [];
  await writeXar(members, async (bytes) => {
    parts.push(bytes);
  });
  return fromBytes(Buffer.concat(parts), 'Test.pkg');
}

/** A flat package of these entries, as Apple pads it; `bom`: with a Bom of these paths, or that Bom. */
async function packageOf(
  entries: readonly CpioInput[],
  form = 'cpio',
  bom?: readonly string[] | Uint8Array,
): Promise<ByteSource> {
  const plain = await joined(writeCpio(entries));
  const padded = Buffer.concat([plain, Buffer.alloc(-plain.length & 511)]);
  const payload = { name: 'Payload', content: fromBytes(FORMS[form]!(padded), 'Payload') };
  const listed = bom && {
    name: 'Bom',
    content: fromBytes(bom instanceof Uint8Array ? bom : bomOfNames(bom), 'Bom'),
    compress: true,
  };
  return xarOf([...(listed ? [listed] : []), payload]);
}

const folder = (name: string, more: Partial<CpioInput> = {}): CpioInput => ({ name, mode: 0o040755, ...more });
const file = (name: string, text: string | Buffer, more: Partial<CpioInput> = {}): CpioInput => {
  const data = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return { name, mode: 0o100644, size: data.length, data: [data], ...more };
};
const double = (value: string) => appleDouble({ xattrs: { note: value } });
const canary = (size: number) => Buffer.from('NULLcanary'.padEnd(size, '\0').slice(0, size), 'latin1');
const keyOf = ({ name }: CpioInput) => name.replace(/^\.\/?/, '');

interface Found {
  readonly kind: string;
  readonly mode: number;
  readonly text: string;
  readonly note: string;
  readonly link: number | undefined;
}

/** What a copy makes of a walk: entries that come again replace what they were, and must not come first. */
async function copied(source: ByteSource, from: Path = []): Promise<Map<string, Found>> {
  const tree = await openPackage(source);
  const found = new Map<string, Found>();
  for await (const entry of tree.walk(from)) {
    const path = showPath(entry.path);
    expect([path, found.has(path)]).toEqual([path, entry.again ?? false]);
    if (entry.path.length > from.length) {
      expect(found.get(showPath(entry.path.slice(0, -1)))?.kind).toBe('folder');
    }
    found.set(path, await contents(entry));
  }
  await tree.close();
  return found;
}

async function contents({ kind, bsd, data, xattrs, link }: Entry): Promise<Found> {
  const read = async (source?: ByteSource) =>
    source ? Buffer.from(await source.read(0, source.size)).toString('latin1') : '';
  const note = xattrs.find(({ name }) => name === 'note')?.value;
  return { kind, mode: bsd.mode, text: await read(data), note: await read(note), link };
}

describe.each(Object.keys(FORMS))('order in a %s payload', (form) => {
  it("a folder's AppleDouble after its content belongs to the folder", async () => {
    const entries = [
      folder('.'),
      folder('./a'),
      folder('./a/X'),
      file('./a/X/f', 'data'),
      folder('./a/X/sub'),
      file('./a/X/sub/g', 'more'),
      file('./a/._X', double('of X')),
      file('./a/z', 'z'),
    ];
    const source = await packageOf(entries, form);
    for (const from of [[], ['a'], ['a', 'X']]) {
      const found = await copied(source, from);
      expect(found.get('/a/X')).toMatchObject({ kind: 'folder', note: 'of X' });
      expect([...found.keys()].filter((path) => path.includes('._'))).toEqual([]);
    }
    expect([...(await copied(source, ['a', 'X'])).keys()]).toEqual(['/a/X', '/a/X/f', '/a/X/sub', '/a/X/sub/g']);
  });

  it("a fork in a folder's AppleDouble is left out: a volume takes the folder with its attributes", async () => {
    const bytes = appleDouble({ resource: 'fork', finderInfo: 'TEXTttxt', xattrs: { note: 'of K' } });
    const tree = await openPackage(
      await packageOf([folder('.'), folder('./K'), file('./K/f', 'data'), file('./._K', bytes)], form),
    );
    const staged = new StagedVolume(await HfsVolume.open(await emptyVolume({ name: 'Disk', created: 1 })), { now: 1 });
    await staged.copyFrom(tree, ['K'], ['Kernels']);
    expect(await staged.entry(['Kernels', 'f'])).toBeDefined();
    const { xattrs, finderInfo } = (await staged.entry(['Kernels']))!;
    expect(xattrs.map(({ name }) => name)).toEqual(['note']);
    expect(Buffer.from(finderInfo.subarray(0, 8)).toString()).toBe('TEXTttxt');
  });

  it('a folder apart from its files, content in two places, a folder after its content', async () => {
    const entries = [
      folder('.'),
      file('./K/kernel', 'kernel'),
      folder('./other'),
      file('./other/x', 'x'),
      folder('./K', { mode: 0o040700 }),
      file('./other/y', 'y'),
      file('./K/late', 'late'),
    ];
    const bom = ['', 'K', 'K/kernel', 'K/late', 'other', 'other/x', 'other/y'];
    for (const listed of [undefined, bom]) {
      const found = await copied(await packageOf(entries, form, listed), ['K']);
      expect([...found.keys()]).toEqual(['/K', '/K/kernel', '/K/late']);
      expect(found.get('/K')!.mode).toBe(0o040700);
    }
  });

  it.each([
    ['first', [0, 1, 2]],
    ['in the middle', [1, 0, 2]],
    ['last', [1, 2, 0]],
  ] as const)('hard links: the bytes %s', async (_, order) => {
    const links = { nlink: 3, ino: 9, dev: 1, mtime: 5 };
    const names = [
      file('./d/real', 'the real bytes', links),
      file('./d/two', canary(14), links),
      file('./e/three', canary(14), links),
    ];
    const entries = [folder('.'), folder('./d'), folder('./e'), ...order.map((i) => names[i]!), file('./end', 'end')];
    const source = await packageOf(entries, form);
    for (const from of [[], ['d'], ['e']]) {
      const found = await copied(source, from);
      const texts = [...found].filter(([path]) => /real|two|three/.test(path)).map(([, { text }]) => text);
      expect(new Set(texts)).toEqual(new Set(['the real bytes']));
    }
    expect((await copied(source)).size).toBe(7);
  });

  it('hard links without the bytes are damage, where they are wanted', async () => {
    const links = { nlink: 2, ino: 9 };
    for (const names of [['./d/a', './d/b'], ['./d/a']]) {
      const entries = [
        folder('.'),
        folder('./d'),
        ...names.map((name) => file(name, canary(20), links)),
        file('./k', 'k'),
      ];
      const source = await packageOf(entries, form);
      await expect(copied(source)).rejects.toThrow('expected its 20 bytes at one of its names, found "NULLcanary"');
      expect((await copied(source, ['k'])).get('/k')!.text).toBe('k');
    }
  });

  it('a file that holds the word, and hard links too short to tell, are as they are', async () => {
    const source = await packageOf(
      [
        file('./alone', canary(30)),
        file('./short', 'NUL', { nlink: 2, ino: 3 }),
        file('./short2', 'NUL', { nlink: 2, ino: 3 }),
        file('./longer', 'NULLcanary and more', { nlink: 2, ino: 4 }),
      ],
      form,
    );
    const found = await copied(source);
    expect(found.get('/alone')!.text).toBe(canary(30).toString('latin1'));
    expect(found.get('/short2')!.text).toBe('NUL');
    expect(found.get('/longer')!.text).toBe('NULLcanary and more');
  });

  it('any order, any doubles, any names, with a Bom and without: the same tree', async () => {
    const names = ['K', 'K/a', 'K/s', 'K/s/b', 'K/s/._c', 'o', 'o/d', 'Kx', 'K/link1', 'K/s/link2', 'o/link3'];
    const isFolder = (name: string) => ['K', 'K/s', 'o'].includes(name);
    const links = { nlink: 3, ino: 77, mtime: 9 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
        fc.nat(2),
        fc.infiniteStream(fc.nat()),
        fc.constantFrom('right', 'lacking', 'none'),
        async (doubled, real, random, listing) => {
          let link = 0;
          const entries = names.flatMap((name, i): CpioInput[] => {
            const own = name.includes('link')
              ? file(`./${name}`, link++ === real ? 'l'.repeat(40) : canary(40), links)
              : isFolder(name)
                ? folder(`./${name}`, { mode: 0o040700 + i })
                : file(`./${name}`, `content of ${name}`);
            const at = name.lastIndexOf('/') + 1;
            const hasDouble = doubled[i] && !name.includes('._') && !name.includes('link');
            return hasDouble ? [own, file(`./${name.slice(0, at)}._${name.slice(at)}`, double(name))] : [own];
          });
          const shuffled = entries
            .map((entry) => ({ entry, rank: random.next().value % 1000 }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ entry }) => entry);
          const keys = ['', ...entries.map(keyOf)];
          const bom =
            listing === 'none' ? undefined : listing === 'right' ? keys : keys.filter((key) => key !== 'K/s/b');
          const source = await packageOf(shuffled, form, bom);
          const found = await copied(source, ['K']);
          const wanted = names.filter((name) => name === 'K' || name.startsWith('K/'));
          // Only a Bom that lacks a file, in a payload that lists it apart from all others, hides it.
          if (listing === 'lacking' && !found.has('/K/s/b')) {
            wanted.splice(wanted.indexOf('K/s/b'), 1);
            found.delete('/K/s/._b');
          }
          expect([...found.keys()].sort()).toEqual(wanted.map((name) => `/${name}`).sort());
          for (const name of wanted) {
            const { kind, mode, text, note } = found.get(`/${name}`)!;
            const i = names.indexOf(name);
            expect([name, kind, note]).toEqual([
              name,
              isFolder(name) ? 'folder' : 'file',
              doubled[i] && !name.includes('._') && !name.includes('link') ? name : '',
            ]);
            if (isFolder(name)) expect(mode).toBe(0o040700 + i);
            else expect(text).toBe(name.includes('link') ? 'l'.repeat(40) : `content of ${name}`);
          }
        },
      ),
      { numRuns: times(40, 10) },
    );
  });
});

describe('a Bom', () => {
  const entries = (after: readonly CpioInput[]) => [
    folder('.'),
    folder('./K'),
    file('./K/kernel', 'kernel'),
    folder('./z'),
    ...after,
  ];
  /** A source that counts, and what was read of it in a walk. */
  const readIn = async (source: ByteSource, from: Path) => {
    let end = 0;
    const tree = await openPackage({
      name: source.name,
      size: source.size,
      read: (offset, length) => {
        end = Math.max(end, offset + length);
        return source.read(offset, length);
      },
    });
    end = 0;
    const paths: string[] = [];
    for await (const entry of tree.walk(from)) paths.push(showPath(entry.path));
    return { paths, end };
  };
  const big = file('./z/big', Buffer.alloc(3 << 20, 1));

  it('says when all of a subtree has come: what follows is not read', async () => {
    const made = [
      trees.folder('.'),
      trees.folder('./K'),
      trees.file('./K/kernel', 'kernel'),
      trees.folder('./z'),
      trees.file('./z/big', Buffer.alloc(3 << 20, 1)),
    ];
    const { paths, end } = await readIn(await packageOf(made, 'cpio', trees.bomOfMade(made)), ['K']);
    expect(paths).toEqual(['/K', '/K/kernel']);
    expect(end).toBeLessThan(2 << 20);
  });

  it('says it of a payload that cannot be searched, too', async () => {
    const noise = file('./z/big', randomBytes(8 << 20));
    const source = await packageOf(entries([noise]), 'gzip', ['', 'K', 'K/kernel', 'z', 'z/big']);
    const { paths, end } = await readIn(source, ['K']);
    expect(paths).toEqual(['/K', '/K/kernel']);
    // Read ahead: three parts of 1 MiB, and the table of contents before them.
    expect(end).toBeLessThan((3 << 20) + 65_536);
  });

  it.each([
    ['is missing', undefined],
    ['does not list the subtree', ['', 'z']],
    ['lists what does not come', ['', 'K', 'K/kernel', 'K/more', 'z', 'z/big']],
    ['lacks what has come', ['', 'K', 'K/other', 'z', 'z/big']],
  ])('that %s: the payload is read to its end', async (_, bom) => {
    const source = await packageOf(entries([big, file('./K/late', 'late')]), 'cpio', bom);
    const { paths, end } = await readIn(source, ['K']);
    expect(paths).toEqual(['/K', '/K/kernel', '/K/late']);
    expect(end).toBe(source.size);
  });

  it('that cannot be read is no fault of the payload', async () => {
    const payload = { name: 'Payload', content: fromBytes(await joined(writeCpio(entries([]))), 'Payload') };
    const bom = { name: 'Bom', content: fromBytes(Buffer.from('BOMStore and noise'), 'Bom') };
    const found = await copied(await xarOf([bom, payload]), ['K']);
    expect([...found.keys()]).toEqual(['/K', '/K/kernel']);
  });
});

describe('packages as they are', () => {
  it('one with a Bom and no Payload is an empty tree', async () => {
    const bom = { name: 'Bom', content: fromBytes(bomOfNames(['']), 'Bom') };
    expect([...(await copied(await xarOf([bom]))).keys()]).toEqual(['/']);
    const product = await xarOf([
      { name: 'Empty.pkg', children: [bom] },
      {
        name: 'Full.pkg',
        children: [{ name: 'Payload', content: fromBytes(await joined(writeCpio([file('./f', 'f')])), 'P') }],
      },
    ]);
    expect([...(await copied(product)).keys()]).toEqual(['/', '/Empty.pkg', '/Full.pkg', '/Full.pkg/f']);
    expect([...(await copied(product, ['Empty.pkg'])).keys()]).toEqual(['/Empty.pkg']);
  });

  it('1,900 folders inside each other are linear work', async () => {
    const deep = Array.from({ length: 1900 }, (_, i) => folder(`.${'/d'.repeat(i + 1)}`));
    const source = await packageOf(deep, 'gzip');
    const before = process.cpuUsage();
    const tree = await openPackage(source);
    let count = 0;
    for await (const _ of tree.walk()) count++;
    expect(count).toBe(1901);
    // It was 27 s: every parent's path was made again for every entry. A second is ten times what it takes.
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });

  it('a name that waits for its bytes: who comes behind the subtree looks at it, not at all groups there are', async () => {
    const others = Array.from({ length: 2000 }, (_, i) => file(`./z${i}`, '', { nlink: 2, ino: 10 + i }));
    const entries = [folder('.'), folder('./K'), file('./K/waits', '', { nlink: 2, ino: 1 }), ...others];
    const source = await packageOf(entries, 'gzip', ['', 'K', 'K/waits', ...others.map(keyOf)]);
    let looks = 0;
    const { join } = HardLinks.prototype;
    const spy = vi.spyOn(HardLinks.prototype, 'join').mockImplementation(function (this: HardLinks<unknown>, header) {
      const group = join.call(this, header);
      const { waiting } = group;
      return Object.defineProperty(group, 'waiting', { configurable: true, get: () => ++looks && waiting });
    });
    try {
      expect([...(await copied(source, ['K'])).keys()]).toEqual(['/K', '/K/waits']);
    } finally {
      spy.mockRestore();
    }
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(10 * others.length);
  });

  it('folders that are not listed are bounded by what they take up, not refused', async () => {
    const deep = (top: number) => file(`./${1000 + top}${'/d'.repeat(2000)}`, 'x');
    const count = async (files: number) => {
      const tree = await openPackage(await packageOf(Array.from({ length: files }, (_, i) => deep(i))));
      let entries = 0;
      for await (const _ of tree.walk()) entries++;
      return entries;
    };
    expect(await count(2)).toBe(4003);
    await expect(count(10)).rejects.toThrow('expected folders that are listed');
  });
});
