import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundled } from './bundle.js';
import { kept, scratch } from './judges/tool.js';
import { changedIn, digest, madeOnce, ownCopy, removeReadOnly } from './made-once.js';

let program: string;
beforeAll(async () => {
  program = await bundled('test/helpers/make-once.ts');
});

/** Asks in a process of its own; returns the entry's path, or the signal that ended the process. */
function ask(store: string, end = 'finish'): Promise<string> {
  const child = kept(
    spawn(process.execPath, [program, store, `${store}.log`, end], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return new Promise((resolve) => child.on('close', (_, signal) => resolve(signal ?? out)));
}
const makers = (store: string) => readFileSync(`${store}.log`, 'utf8').split('\n').length - 1;

function newStore(): string {
  const store = join(scratch('store'), 'store');
  mkdirSync(store);
  return store;
}

test('processes that ask at the same time get one that was made once, whole and read-only', async () => {
  const store = newStore();
  const entries = await Promise.all([1, 2, 3].map(() => ask(store)));
  expect(new Set(entries).size).toBe(1);
  expect(makers(store)).toBe(1);
  expect(readdirSync(store)).toHaveLength(1);
  expect(readdirSync(entries[0]!).sort()).toEqual(['first', 'made.json', 'second']);
  expect(statSync(join(entries[0]!, 'second')).mode & 0o222).toBe(0);
});

test('one that is killed while it makes leaves nothing that is taken for it, and the next makes it', async () => {
  const store = newStore();
  expect(await ask(store, 'die')).toBe('SIGKILL');
  const entry = await ask(store);
  expect(readdirSync(entry).sort()).toEqual(['first', 'made.json', 'second']);
  expect(makers(store)).toBe(2);
  expect(readdirSync(store)).toEqual([digest('this')]);
});

test('what somebody changed is named, and made anew for the next who asks', async () => {
  const store = newStore();
  const entry = await ask(store);
  const copy = await ownCopy(entry, join(scratch('copy'), 'own'));
  writeFileSync(join(copy, 'first'), 'changed');
  expect(await changedIn(store)).toEqual([]);
  await removeReadOnly(join(entry, 'first'));
  expect(await changedIn(store)).toEqual([digest('this')]);
  expect(await ask(store)).toBe(entry);
  expect(existsSync(join(entry, 'first'))).toBe(true);
  expect(makers(store)).toBe(2);
});

test('a maker that fails leaves nothing, and says why', async () => {
  const store = newStore();
  const failing = madeOnce(store, 'that', async (folder) => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('no more space');
  });
  await expect(failing).rejects.toThrow('no more space');
  expect(readdirSync(store)).toEqual([]);
});

test('the order of what is asked for makes no difference', () => {
  expect(digest({ a: 1, b: { c: 2, d: [1, 2] } })).toBe(digest({ b: { d: [1, 2], c: 2 }, a: 1 }));
  expect(digest([1, 2])).not.toBe(digest([2, 1]));
});
