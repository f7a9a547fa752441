import { describe, expect, it } from 'vitest';
import { ask } from '../../src/host/ask.js';
import { processStart, stillRuns } from '../../src/host/process-start.js';
import { commandLine, quoteForSh, redactText } from '../../src/host/quote.js';

describe('ask', () => {
  it('gives the trimmed answer, pipes included', async () => {
    expect(await ask`printf 'one\ntwo\n' | head -n 1`).toBe('one');
  });

  it('quotes values', async () => {
    const nasty = `a'b "c" $(id) \`id\` * \\ ; exit 1`;
    expect(await ask`printf %s ${nasty}`).toBe(nasty);
  });

  it('speaks the C locale', async () => {
    expect(await ask`echo $LANG $LC_ALL`).toBe('C C');
  });

  it.each([
    ['no such tool', () => ask`no-such-tool-here --version`],
    ['a failing tool', () => ask`echo words; exit 1`],
    ['no output', () => ask`true`],
  ])('says undefined after %s, and prints nothing', async (_, question) => {
    expect(await question()).toBeUndefined();
  });
});

describe('processStart', () => {
  it('tells this process from one that is gone and from one that had the same id', async () => {
    const started = await processStart(process.pid);
    expect(started).toBeTruthy();
    expect(await processStart(process.pid)).toBe(started);
    expect(await stillRuns({ pid: process.pid, started: started! })).toBe(true);
    expect(await stillRuns({ pid: process.pid, started: 'another time' })).toBe(false);
    expect(await stillRuns({ pid: process.pid, started: '' })).toBe(true);
    expect(await stillRuns({ pid: 0x7fff_fff0, started: started! })).toBe(false);
    expect(await stillRuns({ pid: -1, started: '' })).toBe(false);
  });
});

describe('quote', () => {
  it.each([
    ['plain-word_1.0/x', 'plain-word_1.0/x'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
  ])('%s', (word, quoted) => expect(quoteForSh(word)).toBe(quoted));

  it('makes a command line and hides secrets', () => {
    expect(commandLine('rm', ['-rf', '/tmp/a b'])).toBe("rm -rf '/tmp/a b'");
    expect(redactText('key=abc abc', ['abc', ''])).toBe('key=[hidden] [hidden]');
  });
});
