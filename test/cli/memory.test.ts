import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const MEMORY = new URL('../../dist/src/cli/memory.js', import.meta.url).href;

/** Bytes of the space for short-lived objects in a process that keeps a part of what it makes, after `first`. */
function youngSpaceAfter(first: string): number {
  const work = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${first}
    const kept = [];
    for (let i = 0; i < 300_000; i++) kept[i % 50_000] = { number: i, text: String(i) };
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', work], { encoding: 'utf8' }));
}

describe('memory of the command line', () => {
  it('the space for short-lived objects stays small', () => {
    const small = youngSpaceAfter(
      `import { keepYoungSpaceSmall } from ${JSON.stringify(MEMORY)}; keepYoungSpaceSmall();`,
    );
    expect(small).toBeLessThan(youngSpaceAfter('') / 2);
  });
});
