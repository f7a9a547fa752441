import { chmodSync, closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HostError } from '../../src/errors.js';
import { findOsk, forget, handOver, smcSection, takeFromEnvironment } from '../../src/launch/osk.js';
import { Secret } from '../../src/launch/secret.js';
import { scratch } from '../helpers/judges/tool.js';

const KEY = 'A'.repeat(64);

function keyFile(content: string, mode = 0o600): string {
  const path = join(scratch('osk'), 'key');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('the key', () => {
  test.each([
    ['', KEY],
    ['\n', KEY],
    ['\r\n', KEY],
  ])('comes from a file that ends with %j', async (end) => {
    const file = keyFile(KEY + end);
    const osk = await findOsk({ file });
    expect(osk?.secret.reveal()).toBe(KEY);
    expect(osk).toMatchObject({ source: { kind: 'file', path: file }, open: false });
  });

  test('in a file that others can read is told of', async () => {
    expect(await findOsk({ file: keyFile(KEY, 0o644) })).toMatchObject({ open: true });
  });

  test('comes from the variable, which is gone then', async () => {
    const env: NodeJS.ProcessEnv = { OSX_ISO_OSK: KEY };
    const environment = takeFromEnvironment(env);
    expect(env).toEqual({});
    const osk = await findOsk({ environment });
    expect(osk?.secret.reveal()).toBe(KEY);
    expect(osk?.source).toEqual({ kind: 'environment' });
  });

  test('comes from the computer itself only where nothing was given', async () => {
    const readHost = async () => new Secret('B'.repeat(64));
    expect((await findOsk({ readHost }))?.source).toEqual({ kind: 'host' });
    expect((await findOsk({ file: keyFile(KEY), readHost }))?.source.kind).toBe('file');
    expect(await findOsk({ readHost: async () => undefined })).toBeUndefined();
    expect(await findOsk({})).toBeUndefined();
  });

  test.each([
    ['', /exactly 64 characters, found 0/],
    ['A'.repeat(63), /found 63/],
    ['A'.repeat(65), /found 65/],
    [`${'A'.repeat(64)} \n`, /found 65/],
    ['A'.repeat(100_000), /found more than a page/],
    [`${'A'.repeat(63)}"`, /visible characters/],
    [`${'A'.repeat(30)}\n${'A'.repeat(33)}`, /visible characters/],
    [`${'A'.repeat(63)}\u00e9`, /found 65/],
  ])('%j is none: exit code 4, and the error says nothing of it', async (content, message) => {
    const error = await findOsk({ file: keyFile(content) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostError);
    const { message: text, hint, exitCode } = error as HostError;
    expect(exitCode).toBe(4);
    expect(text).toMatch(message);
    expect(hint).toContain('--osk-file FILE');
    expect(`${text}${hint}`).not.toContain('AAAA');
    const given = { environment: new Secret(content) };
    if (content !== '') await expect(findOsk(given)).rejects.toMatchObject({ exitCode: 4 });
  });

  test('in a file that is not there', async () => {
    await expect(findOsk({ file: '/nowhere/key' })).rejects.toMatchObject({
      exitCode: 4,
      message: '--osk-file /nowhere/key: no such file or folder.',
    });
  });
});

test('it is in memory of the host’s where there is such a place, and gone once it was read', async () => {
  if (!existsSync('/dev/shm')) return;
  const config = await handOver(new Secret(KEY));
  expect(readlinkSync(`/proc/self/fd/${config.fd}`)).toMatch(/^\/dev\/shm\/#\d+ \(deleted\)$/);
  const other = openSync(`/proc/self/fd/${config.fd}`, 'r');
  await forget(config);
  expect(readFileSync(other, 'utf8')).toBe('');
  closeSync(other);
});

test('it is handed over by a file that has no name any more', async () => {
  const config = await handOver(new Secret(KEY));
  try {
    expect(await config.readFile('utf8')).toBe(smcSection(KEY));
    expect(((await config.stat()).mode & 0o777).toString(8)).toBe('600');
    expect((await config.stat()).nlink).toBe(0);
    if (existsSync('/proc/self/fd')) expect(readlinkSync(`/proc/self/fd/${config.fd}`)).toMatch(/\(deleted\)$/);
    if (existsSync('/proc/self/fd')) expect(readFileSync(`/proc/self/fd/${config.fd}`, 'utf8')).toContain(KEY);
  } finally {
    await config.close();
  }
});

test('QEMU’s configuration has blanks around "="', () => {
  expect(smcSection('X')).toBe('[device "smc"]\n  driver = "isa-applesmc"\n  osk = "X"\n');
});
