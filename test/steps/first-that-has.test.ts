import { describe, expect, it } from 'vitest';
import { type Entry, type Path, showPath, type Tree } from '../../src/formats/entry.js';
import { FirstThatHas } from '../../src/steps/first-that-has.js';
import { entry } from '../helpers/entries.js';

const treeOf = (entries: readonly Entry[]): Tree => ({
  name: 'tree',
  async *walk(from: Path = []) {
    for (const one of entries) if (from.every((part, i) => part === one.path[i])) yield one;
  },
  close: async () => {},
});
const candidate = (place: string, entries: readonly Entry[]) => ({ place, open: async () => treeOf(entries) });
const pathsOf = async (tree: Tree) => {
  const paths: string[] = [];
  for await (const { path } of tree.walk(['K'])) paths.push(showPath(path));
  return paths;
};

describe('FirstThatHas', () => {
  it('takes the first package that has the file, however late it comes', async () => {
    const many = Array.from({ length: 12_000 }, (_, i) => entry(['K', `f${i}`], { text: '' }));
    const first = candidate('a.pkg', [entry(['K']), entry(['K', 'other'], { text: 'x' })]);
    const second = candidate('b.pkg', [entry(['K']), ...many, entry(['K', 'kernel'], { text: 'k' })]);
    const tree = new FirstThatHas('kernel', '/K/kernel', [first, second]);
    const paths = await pathsOf(tree);
    expect([paths.length, paths[0], paths.at(-1), tree.takenFrom]).toEqual([12_002, '/K', '/K/kernel', 'b.pkg']);
  });

  it('says what was looked for and where, and calls nothing incomplete', async () => {
    const tree = new FirstThatHas('kernel', '/K/kernel', [candidate('a.pkg', [entry(['K'])]), candidate('b.pkg', [])]);
    await expect(pathsOf(tree)).rejects.toMatchObject({
      message:
        'expected a kernel, found nothing at /K/kernel in a.pkg or b.pkg, which were gone through to their ends.',
      hint: 'Give the kernel of this very release with --kernel FILE.',
    });
  });
});
