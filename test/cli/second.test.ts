import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';

/** More than the time in which a second signal is the echo of the first. */
const NO_ECHO = 600;

/** Runs a command whose work is `work`: what it ends with, and with what the process would have been left at once. */
async function session(work: (context: Context) => Promise<void>): Promise<{ code: number; left: number[] }> {
  const left: number[] = [];
  const write = (_: string, done?: () => void) => {
    done?.();
    return true;
  };
  const stream = { on: () => {}, write };
  const output = () => new Output(stream as unknown as NodeJS.WriteStream);
  const code = await main(['doctor'], {
    standIns: { doctor: (_, context) => work(context) },
    stdout: output(),
    stderr: output(),
    screen: { isTTY: false } as NodeJS.WriteStream,
    env: {},
    exit: (status) => left.push(status),
  });
  return { code, left };
}

test('the second Ctrl-C is the command’s where it takes it, the third leaves at once', async () => {
  const heard: string[] = [];
  const { left } = await session(async (context) => {
    context.onSecond(() => heard.push('second'));
    context.signal.addEventListener('abort', () => heard.push('first'));
    for (let i = 0; i < 3; i++) {
      process.emit('SIGINT', 'SIGINT');
      // An echo, each time.
      process.emit('SIGINT', 'SIGINT');
      await sleep(NO_ECHO);
    }
  });
  expect(heard).toEqual(['first', 'second']);
  expect(left).toEqual([130]);
});

test('a command may end with another program’s status', async () => {
  expect(await session(async (context) => context.exits(77))).toEqual({ code: 77, left: [] });
});
