import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { top } from '../helpers/imports.js';
import { invocations, pages } from './pages.js';
import { parses } from './parses.js';

const all = pages();

describe.each(all)('$path', ({ path, text, blocks }) => {
  it('has links that lead somewhere', () => {
    const lost = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, to]) => to!)
      .filter((to) => !/^[a-z]+:/.test(to))
      .filter((to) => {
        const [file = '', anchor] = to.split('#');
        const place = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(top, place))) return true;
        return anchor !== undefined && !anchorsOf(place).includes(anchor);
      });
    expect(lost).toEqual([]);
  });

  const shows = blocks.flatMap(({ commands, line }) => invocations(commands).map((words) => ({ words, line })));

  it('shows no command but those that there are, with options that they have', async () => {
    for (const { words, line } of shows) {
      const { code, err } = await parses(words);
      expect({ at: `${path}:${line}`, words, code, err }).toMatchObject({ code: 0, err: '' });
    }
  });

  it('has lines that fit', () => {
    const long = text
      .split('\n')
      .filter((line) => line.length > 140 && !/^\||https?:|^ {4}|`.{60,}`|^[+-] /.test(line));
    expect(long).toEqual([]);
  });
});

function anchorsOf(place: string): string[] {
  const page = all.find(({ path }) => path === place);
  return [...(page?.text ?? '').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('a page or the README leads to every page', () => {
  const text = all.map((page) => page.text).join('\n');
  const alone = all
    .filter(({ path }) => path !== 'README.md' && !text.includes(path.replace('docs/', '')))
    .map(({ path }) => path);
  expect(alone).toEqual([]);
});
