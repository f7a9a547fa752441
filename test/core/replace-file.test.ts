import {
  chmodSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noJournal } from '../../src/core/journal.js';
import { replaceFile } from '../../src/core/replace-file.js';
import { scratch } from '../helpers/judges/tool.js';

const journal = noJournal;
const bytes = Buffer.from('new');

describe('replaceFile', () => {
  it('replaces what a link leads to, with the permissions that it had', async () => {
    const [folder, other] = [scratch('replaced'), scratch('elsewhere')];
    const file = join(other, 'real.plist');
    writeFileSync(file, 'old');
    chmodSync(file, 0o600);
    const link = join(folder, 'link.plist');
    symlinkSync(file, link);
    await replaceFile(link, bytes, { journal });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o600]);
    chmodSync(file, 0o666);
    await replaceFile(file, bytes, { journal });
    expect(statSync(file).mode & 0o777).toBe(0o666);
    expect([readdirSync(folder), readdirSync(other)]).toEqual([['link.plist'], ['real.plist']]);
  });

  it('a new file is what the umask leaves of it', async () => {
    const file = join(scratch('replaced'), 'new');
    const before = process.umask(0o077);
    try {
      await replaceFile(file, bytes, { journal });
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.runIf(process.geteuid?.() === 0)('a link of another user’s is not followed', async () => {
    const folder = scratch('replaced');
    const [file, link] = ['real', 'link'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(file, 'old');
    symlinkSync(file, link);
    lchownSync(link, 1000, 1000);
    await replaceFile(link, bytes, { journal });
    expect([readFileSync(file, 'utf8'), lstatSync(link).isFile()]).toEqual(['old', true]);
  });

  it('replaces a link itself where it is told to, and one that leads nowhere', async () => {
    const folder = scratch('replaced');
    const [file, link, lost] = ['real', 'link', 'lost'].map((name) => join(folder, name)) as [string, string, string];
    writeFileSync(file, 'old');
    symlinkSync(file, link);
    symlinkSync(join(folder, 'nowhere'), lost);
    await replaceFile(link, bytes, { journal, noLink: true });
    await replaceFile(lost, bytes, { journal });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect([link, lost].map((path) => [lstatSync(path).isFile(), readFileSync(path, 'utf8')])).toEqual([
      [true, 'new'],
      [true, 'new'],
    ]);
  });
});
