import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileJournal, noJournal, readJournals } from '../../src/core/journal.js';

let top: string;
let folder: string;
const writer = { pid: 4242, started: 'boot 17' };
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'journal-'));
  folder = join(top, 'runs');
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

describe('fileJournal', () => {
  it('is on disk when append resolves, private, and gone when all is done', async () => {
    const journal = fileJournal(folder, writer);
    expect(existsSync(folder)).toBe(false);
    const a = await journal.append({ kind: 'folder', path: '/tmp/a' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(journal.file).mode & 0o777).toBe(0o600);
    const [first, second] = readFileSync(journal.file, 'utf8').trim().split('\n');
    expect(JSON.parse(first!)).toMatchObject({ schema: 1, ...writer });
    expect(JSON.parse(second!)).toEqual({ id: a, record: { kind: 'folder', path: '/tmp/a' } });
    const b = await journal.append({ kind: 'device', node: '/dev/disk4' });
    await journal.done(a);
    await journal.done(a);
    expect(await readJournals(folder)).toEqual([
      expect.objectContaining({ ...writer, file: journal.file, open: [{ kind: 'device', node: '/dev/disk4' }] }),
    ]);
    await journal.done(b);
    expect(readdirSync(folder)).toEqual([]);
    await journal.append({ kind: 'again' });
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('keeps lines whole when many are written at once, and gives them back newest first', async () => {
    const journal = fileJournal(folder, writer);
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => journal.append({ kind: 'n', n })));
    expect(new Set(ids).size).toBe(20);
    await Promise.all(ids.slice(0, 10).map((id) => journal.done(id)));
    const [found] = await readJournals(folder);
    expect(found?.open.map(({ n }) => n)).toEqual([19, 18, 17, 16, 15, 14, 13, 12, 11, 10]);
  });

  it('begins a line of its own where a full disk has taken a part of the one before', async () => {
    const journal = fileJournal(folder, writer);
    await journal.append({ kind: 'folder', path: '/tmp/a' });
    appendFileSync(journal.file, '{"id":"2","record":{"kind":"fol');
    await journal.append({ kind: 'folder', path: '/tmp/b' });
    const [found] = await readJournals(folder);
    expect(found!.open.map(({ path }) => path)).toEqual(['/tmp/b', '/tmp/a']);
  });

  it('says so when it cannot be written', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    await expect(fileJournal(folder, writer).append({ kind: 'x' })).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('has a stand-in that remembers nothing', async () => {
    await noJournal.done(await noJournal.append({ kind: 'x' }));
  });
});

describe('readJournals', () => {
  it('copes with lines that were cut off, and with anything else in the folder', async () => {
    const journal = fileJournal(folder, writer);
    await journal.append({ kind: 'one' });
    await journal.append({ kind: 'two' });
    const text = readFileSync(journal.file, 'utf8');
    for (let length = 0; length <= text.length; length++) {
      writeFileSync(journal.file, text.slice(0, length));
      const found = await readJournals(folder);
      // Also one that was cut off in its heading, or is empty: its name says whose it was.
      expect(found).toMatchObject([{ file: journal.file, pid: writer.pid }]);
      for (const record of found[0]!.open) expect(['one', 'two']).toContain(record.kind);
    }
    writeFileSync(journal.file, text);
    writeFileSync(join(folder, 'junk.journal.jsonl'), '[]\nnull\n{"schema":2}\n');
    writeFileSync(join(folder, 'other.txt'), 'x');
    symlinkSync(journal.file, join(folder, 'link.journal.jsonl'));
    writeFileSync(join(folder, 'elsewhere.journal.jsonl'), text.replace(/"host":"[^"]*"/, '"host":"another-host"'));
    expect((await readJournals(folder)).map((found) => found.file)).toEqual([journal.file]);
    expect(await readJournals(join(top, 'not-there'))).toEqual([]);
  });

  it('passes over a file it may not read', async () => {
    const journal = fileJournal(folder, writer);
    await journal.append({ kind: 'one' });
    chmodSync(journal.file, 0o000);
    // root may read everything.
    expect(await readJournals(folder)).toHaveLength(process.getuid?.() === 0 ? 1 : 0);
  });
});
