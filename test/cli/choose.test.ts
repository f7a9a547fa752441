import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { chooseOne } from '../../src/cli/choose.js';

async function chosen(typed: string, signal = new AbortController().signal) {
  const input = new PassThrough();
  const said: string[] = [];
  const answer = chooseOne(['first\u001b[2J.app', 'second.app'], { input, say: (line) => said.push(line), signal });
  input.end(typed);
  return { index: await answer, said };
}

describe('a choice', () => {
  it('lists, disarmed, and takes a number', async () => {
    const { index, said } = await chosen('2\n');
    expect(index).toBe(1);
    expect(said).toEqual(['  1  first\ufffd[2J.app', '  2  second.app', 'Which one? 1-2, Return for none:']);
  });

  it('asks again three times, takes Return and an end for no', async () => {
    expect(await chosen('x\n9\n1\n')).toMatchObject({ index: 0 });
    expect(await chosen('x\n9\n0\n1\n')).toMatchObject({ index: undefined });
    expect(await chosen('\n')).toMatchObject({ index: undefined });
    expect(await chosen('')).toMatchObject({ index: undefined });
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const input = new PassThrough();
    const answer = chooseOne(['a', 'b'], { input, say: () => undefined, signal: controller.signal });
    setImmediate(() => controller.abort(new Error('stopped')));
    await expect(answer).rejects.toThrow('stopped');
  });
});
