import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UndoRecord } from '../../src/core/journal.js';
import { Scope } from '../../src/core/scope.js';
import { fromBytes } from '../../src/formats/bytes.js';
import { type Entry, hfsDate } from '../../src/formats/entry.js';
import { extract } from '../../src/inspect/extract.js';
import type { Opened } from '../../src/inspect/opened.js';
import { scratch } from '../helpers/judges/tool.js';

const folder = scratch('extract');
let count = 0;
const fresh = () => join(folder, `out-${count++}`);
const signal = new AbortController().signal;

/** [path, kind, content or target] */
type Line = readonly [string, Entry['kind'], string?];

function entry([path, kind, text]: Line): Entry {
  const date = hfsDate(1_000_000_000);
  return {
    path: path === '' ? [] : path.split('/'),
    kind,
    bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o644, special: 0 },
    dates: { created: date, modified: date, changed: date, accessed: date, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(text !== undefined && { data: fromBytes(Buffer.from(text), path) }),
  };
}

/** A tree that yields just these lines; `before` is called before each. */
function tree(lines: readonly Line[], before: (path: string) => void = () => {}): Opened {
  return {
    layers: [],
    tree: {
      name: 'hostile',
      async *walk() {
        for (const line of lines) {
          before(line[0]);
          yield entry(line);
        }
      },
      close: async () => {},
    },
    entry: async () => undefined,
    content: async ({ data }) => data,
  };
}

describe('what is extracted', () => {
  it('has its content, its date and its links', async () => {
    const out = fresh();
    const lines: Line[] = [
      ['', 'folder'],
      ['a', 'folder'],
      ['a/f', 'file', 'text'],
      ['l', 'symlink', 'a/f'],
    ];
    expect(await extract(tree(lines), [], out, { signal })).toEqual({ path: out, files: 1, bytes: 4 });
    expect(readFileSync(join(out, 'l'), 'utf8')).toBe('text');
    expect(statSync(join(out, 'a/f')).mtimeMs).toBe(1e12);
    const file = fresh();
    await extract(tree([['', 'file', 'alone']]), [], file, { signal });
    expect(readFileSync(file, 'utf8')).toBe('alone');
  });

  it('is never put through a link that came out of the archive', async () => {
    const victims = fresh();
    mkdirSync(victims);
    for (const below of [
      ['l/f', 'file', 'x'],
      ['l/d', 'folder'],
      ['l/s', 'symlink', 'x'],
    ] as const) {
      const out = fresh();
      await expect(
        extract(tree([['', 'folder'], ['l', 'symlink', victims], below]), [], out, { signal }),
      ).rejects.toThrow(/expected a folder for it, found none of that name/);
    }
    await expect(
      extract(
        tree([
          ['', 'folder'],
          ['none/f', 'file', 'x'],
        ]),
        [],
        fresh(),
        { signal },
      ),
    ).rejects.toThrow(/for it/);
    await expect(extract(tree([['f', 'file', 'x']]), [], fresh(), { signal })).rejects.toThrow(/for it/);
    expect(readdirSync(victims)).toEqual([]);
  });

  it('stays below its folder, whatever an archive lists', async () => {
    const name = fc.constantFrom('a', 'b', 'l');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const line = fc.oneof(
      path.map((at): Line => [at, 'folder']),
      path.map((at): Line => [at, 'file', 'x']),
      fc.tuple(path, fc.constantFrom('..', '../victims', '/', 'a', '.')).map(([at, to]): Line => [at, 'symlink', to]),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const top = fresh();
        mkdirSync(join(top, 'victims'), { recursive: true });
        const made = await extract(tree([['', 'folder'], ...lines]), [], join(top, 'out'), { signal }).catch(() => []);
        expect(readdirSync(top).sort()).toEqual(Array.isArray(made) ? ['victims'] : ['out', 'victims']);
        expect(readdirSync(join(top, 'victims'))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.runIf(existsSync('/proc/self/fd'))(
    'stays there, too, where somebody puts a link in the place of that folder',
    async () => {
      const [out, victims, aside] = [fresh(), fresh(), fresh()];
      mkdirSync(victims);
      const swap = (path: string) => {
        if (path !== 'f') return;
        const made = join(folder, readdirSync(folder).find((name) => name.startsWith('.osx-iso-'))!, basename(out));
        renameSync(made, aside);
        symlinkSync(victims, made);
      };
      const lines: Line[] = [
        ['', 'folder'],
        ['f', 'file', 'x'],
        ['d', 'folder'],
        ['d/g', 'file', 'y'],
      ];
      await expect(extract(tree(lines, swap), [], out, { signal })).rejects.toThrow(`${out}: expected a file`);
      expect([existsSync(out), readdirSync(folder).filter((name) => name.startsWith('.'))]).toEqual([false, []]);
      expect(readdirSync(victims)).toEqual([]);
      expect(readdirSync(aside).sort()).toEqual(['d', 'f']);
    },
  );
});

it('says what is in the way, by the names people know', async () => {
  const out = fresh();
  const lines: Line[] = [
    ['', 'folder'],
    ['f', 'file', 'x'],
  ];
  await expect(extract(tree(lines), [], join(out, 'x'), { signal })).rejects.toThrow(`${out}: no such file or folder.`);
  writeFileSync(out, '');
  await expect(extract(tree(lines), [], out, { signal })).rejects.toThrow(`${out} exists already.`);
  await expect(extract(tree(lines), [], join(out, 'x'), { signal })).rejects.toThrow(/is no folder/);
  const long = fresh();
  const name = 'n'.repeat(256);
  await expect(
    extract(
      tree([
        ['', 'folder'],
        [name, 'file', 'x'],
      ]),
      [],
      long,
      { signal },
    ),
  ).rejects.toThrow(`${long}/${name}: the name is too long for this disk.`);
  expect(existsSync(long)).toBe(false);
});

describe('what is not whole', () => {
  const lines: Line[] = [
    ['', 'folder'],
    ['d', 'folder'],
    ['d/f', 'file', 'x'],
    ['d/g', 'file', 'y'],
  ];
  const at = (path: string, then: () => void) => (entry: string) => void (entry === path && then());
  const damaged = at('d/g', () => {
    throw new Error('damaged');
  });

  it.each([
    ['a folder', lines, damaged],
    ['a file', [['', 'file', 'x'] as Line, ['d/g', 'file'] as Line], damaged],
  ])('has no name, and nothing is left of it: %s', async (_, those, before) => {
    const parent = fresh();
    mkdirSync(parent);
    await expect(extract(tree(those, before), [], join(parent, 'out'), { signal })).rejects.toThrow('damaged');
    expect(readdirSync(parent)).toEqual([]);
    const controller = new AbortController();
    const stop = at('d/g', () => controller.abort());
    await expect(extract(tree(those, stop), [], join(parent, 'out'), { signal: controller.signal })).rejects.toThrow(
      /abort/,
    );
    expect(readdirSync(parent)).toEqual([]);
  });

  it('takes the place of nothing that has come into being meanwhile', async () => {
    for (const those of [lines, [['', 'file', 'x'] as Line], [['', 'symlink', 'x'] as Line]]) {
      const parent = fresh();
      mkdirSync(parent);
      const out = join(parent, 'out');
      const first = at('', () => writeFileSync(out, 'mine'));
      await expect(extract(tree(those, first), [], out, { signal })).rejects.toThrow(/exists already|come into being/);
      expect([readdirSync(parent), readFileSync(out, 'utf8')]).toEqual([['out'], 'mine']);
    }
  });

  it('is written down while it is unfinished', async () => {
    const out = fresh();
    const open = new Set<string>();
    const journal = {
      append: async ({ path }: UndoRecord) => {
        open.add(String(path));
        return String(path);
      },
      done: async (id: string) => void open.delete(id),
    };
    let seen: string[] = [];
    const look = at('d/g', () => {
      seen = [...open];
    });
    await extract(tree(lines, look), [], out, { signal, scope: new Scope(journal) });
    expect(seen).toEqual([expect.stringMatching(/\/\.osx-iso-[0-9a-f]{12}$/)]);
    expect([open.size, existsSync(seen[0]!), readdirSync(join(out, 'd'))]).toEqual([0, false, ['f', 'g']]);
  });

  it('is nothing at all: a device is neither file nor folder', async () => {
    const out = fresh();
    await expect(extract(tree([['', 'special']]), [], out, { signal })).rejects.toThrow(/found none/);
    expect(existsSync(out)).toBe(false);
  });
});
