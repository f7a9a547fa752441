import { expect, it } from 'vitest';
import { recipes } from '../../pipelines/index.js';
import type { Recipe } from '../../src/core/step.js';
import { releaseTitle } from '../../src/releases.js';

const HEAD = `# How the recipes differ

A page of \`pipelines/\` for each release says everything, in the words of Somlo's page; that is what they are for. So that pages which
are nearly the same do not drift apart unseen, a test (\`test/pipelines/differences.test.ts\`) writes this one from them: of each release
the lines that the release before does not have, and those that it had. \`npx vitest run test/pipelines -u\` writes it anew.
`;

it('are those of docs/recipes.md, and no others', async () => {
  const names = Object.keys(recipes);
  const parts = names.map((name, i) => {
    const before = names[i - 1];
    const head = `## ${releaseTitle(name)}`;
    if (before === undefined) return [head, '', '```', ...lines(recipes[name]!), '```'];
    const changes = difference(lines(recipes[before]!), lines(recipes[name]!));
    if (changes.length === 0) return [head, '', `As ${before}, line by line.`];
    return [head, '', '```diff', ...changes, '```'];
  });
  await expect(`${HEAD}\n${parts.map((part) => part.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot(
    '../../docs/recipes.md',
  );
});

it('is found between lists of lines', () => {
  expect(difference(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual(['-b', '+x', '+d']);
  expect(difference([], ['a'])).toEqual(['+a']);
  expect(difference(['a'], ['a'])).toEqual([]);
});

function lines(recipe: Recipe): string[] {
  return recipe.map(({ verb, args }) => ` ${[verb, ...args].join('  ')}`);
}

/** What goes (-) and what comes (+), in order, by the longest common subsequence. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const common: number[][] = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let k = after.length - 1; k >= 0; k--) {
      common[i]![k] =
        before[i] === after[k] ? common[i + 1]![k + 1]! + 1 : Math.max(common[i + 1]![k]!, common[i]![k + 1]!);
    }
  }
  const found: string[] = [];
  for (let i = 0, k = 0; i < before.length || k < after.length; ) {
    if (before[i] === after[k] && i < before.length) {
      i++;
      k++;
    } else if (k === after.length || (i < before.length && common[i + 1]![k]! >= common[i]![k + 1]!)) {
      found.push(`-${before[i++]}`);
    } else found.push(`+${after[k++]}`);
  }
  return found;
}
