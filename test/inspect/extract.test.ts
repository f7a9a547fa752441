import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
    expect(await extract(tree(lines), [], out, signal)).toEqual({ path: out, files: 1, bytes: 4 });
    expect(readFileSync(join(out, 'l'), 'utf8')).toBe('text');
    expect(statSync(join(out, 'a/f')).mtimeMs).toBe(1e12);
    const file = fresh();
    await extract(tree([['', 'file', 'alone']]), [], file, signal);
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
      await expect(extract(tree([['', 'folder'], ['l', 'symlink', victims], below]), [], out, signal)).rejects.toThrow(
        /expected a folder for it, found none of that name/,
      );
    }
    await expect(
      extract(
        tree([
          ['', 'folder'],
          ['none/f', 'file', 'x'],
        ]),
        [],
        fresh(),
        signal,
      ),
    ).rejects.toThrow(/for it/);
    await expect(extract(tree([['f', 'file', 'x']]), [], fresh(), signal)).rejects.toThrow(/for it/);
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
        await extract(tree([['', 'folder'], ...lines]), [], join(top, 'out'), signal).catch(() => undefined);
        expect(readdirSync(top).sort()).toEqual(['out', 'victims']);
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
        renameSync(out, aside);
        symlinkSync(victims, out);
      };
      await extract(
        tree(
          [
            ['', 'folder'],
            ['f', 'file', 'x'],
            ['d', 'folder'],
            ['d/g', 'file', 'y'],
          ],
          swap,
        ),
        [],
        out,
        signal,
      );
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
  await expect(extract(tree(lines), [], join(out, 'x'), signal)).rejects.toThrow(`${out}: no such file or folder.`);
  writeFileSync(out, '');
  await expect(extract(tree(lines), [], out, signal)).rejects.toThrow(`${out} exists already.`);
  await expect(extract(tree(lines), [], join(out, 'x'), signal)).rejects.toThrow(/is no folder/);
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
      signal,
    ),
  ).rejects.toThrow(`${long}/${name}: the name is too long for this disk.`);
  expect(lstatSync(long).isDirectory()).toBe(true);
});
