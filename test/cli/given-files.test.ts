import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ran } from '../helpers/command-line.js';
import { scratch } from '../helpers/judges/tool.js';

const folder = scratch('given');
const pipe = join(folder, 'pipe');
const file = join(folder, 'file');
execFileSync('mkfifo', [pipe, `${file}.json`]);
writeFileSync(file, 'no image');

/** Every place where a file's name is typed. A pipe there once waited for a writer for ever, and no signal ended that. */
describe('a pipe in the place of', () => {
  it.each([
    ['an installer', ['build', '--app', pipe]],
    ['an image to verify', ['verify', pipe]],
    ['an image to look into', ['inspect', pipe]],
    ['an image to take a file from', ['inspect', pipe, '/x', '-o', '-']],
    ['a plist to check', ['plist', 'check', pipe]],
    ['a plist to mend', ['plist', 'check', '--fix', pipe]],
    ['a plist to change', ['plist', '--merge', '-o', pipe]],
    ["a guest's disk", ['plist', '--image', pipe]],
    ["a guest's disk with a kext", ['guest', 'remove-kext', 'X.kext', '--force', '--image', pipe]],
  ])('%s is said at once', async (_, argv) => {
    const { code, out, err } = await ran(...argv);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/^osx-iso: .*pipe: expected a file.*, found a pipe\.$/m);
  });

  it.each([['verify'], ['inspect']])('a manifest does not keep %s', async (command) => {
    expect(await ran(command, file)).toMatchObject({ code: expect.toBeOneOf([3, 5]) });
  });
});

describe('what lies beside an ISO as its manifest', () => {
  const iso = join(folder, 'x.iso');
  writeFileSync(iso, new Uint8Array(4096));

  it.each([
    ['null', /expected a manifest of an ISO, found other JSON/],
    ['[]', /found other JSON/],
    ['{"iso":null}', /expected the ISO's sha256 in it, found none/],
    ['{"iso":{"sha256":7}}', /expected the ISO's sha256 in it, found none/],
    ['{', /found no JSON/],
  ])('%s is a sentence', async (text, says) => {
    writeFileSync(`${iso}.json`, text);
    const { code, out, err } = await ran('verify', iso);
    expect(code).toBe(5);
    expect(out).toMatch(says);
    expect(err).not.toMatch(/bug/);
  });

  it('is not read where it is larger than any', async () => {
    truncateSync(`${iso}.json`, 600 << 20);
    const { code, out } = await ran('verify', iso);
    expect(code).toBe(5);
    expect(out).toMatch(/manifest of an ISO at byte 0: expected at most 4,194,304 bytes, found 629,145,600/);
  });
});
