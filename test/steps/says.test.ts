import { describe, expect, it } from 'vitest';
import { recipes } from '../../pipelines/index.js';
import { explainSteps } from '../../src/core/run.js';

describe.each(Object.entries(recipes))('a plan for %s', (_, recipe) => {
  const steps = explainSteps(recipe!);

  it('says of each step what it does and why, in one sentence', () => {
    for (const { says } of steps) {
      expect(says).toMatch(/^[A-Z].{20,}[^.]\.$/);
      expect(says).not.toMatch(/[.!?] [A-Z]|undefined|\n/);
    }
  });

  it('says something else of each', () => {
    const sentences = steps.map(({ says }) => says);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it('names the file that the recipe starts with', () => {
    expect(steps[0]?.says).toContain(steps[0]?.args[0]?.split('/').at(-1));
  });
});
