import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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
