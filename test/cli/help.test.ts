import { describe, expect, test } from 'vitest';
import { version } from '../../src/version.js';
import { ran } from '../helpers/command-line.js';

describe('help', () => {
  test.each([
    [
      ['help', 'plist', 'check'],
      ['plist', 'check', '--help'],
    ],
    [
      ['help', 'guest', 'create'],
      ['guest', 'create', '--help'],
    ],
    [
      ['help', 'build'],
      ['build', '--help'],
    ],
    [['help'], ['--help']],
  ])('%j is %j', async (words, options) => {
    const help = await ran(...words);
    expect(help).toEqual(await ran(...options));
    expect(help).toMatchObject({ code: 0, err: '' });
  });

  test('of a command in a group has its own options and the program\u2019s, not the group\u2019s', async () => {
    const { out } = await ran('plist', 'check', '--help');
    for (const option of ['--fix', '-o, --output <file>', '--release', '--json', '--verbose'])
      expect(out).toContain(option);
    for (const option of ['--volume', '--image', '--merge', '--template']) expect(out).not.toContain(option);
  });

  test.each([['version'], ['-V'], ['--version']])('%s says the version', async (word) => {
    expect(await ran(word)).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});
