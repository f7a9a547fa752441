import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostFault } from '../../src/host/faults.js';
import { holdFolder, holdPrivate, isFreeForAll, makePrivate, removePrivate } from '../../src/host/held-folder.js';
import { makeFolder } from '../../src/host/make-folder.js';
import { plainPath } from '../../src/host/plain-path.js';
import { scratch } from '../helpers/judges/tool.js';

const top = scratch('held');
const at = (name: string) => join(top, name);
const canHold = existsSync('/proc/self/fd');

describe('a folder that is held', () => {
  it.runIf(canHold)('stays the one it was, whatever becomes of its name', async () => {
    mkdirSync(at('own'));
    mkdirSync(at('other'));
    const folder = await holdFolder(at('own'));
    renameSync(at('own'), at('moved'));
    symlinkSync(at('other'), at('own'));
    await writeFile(folder.at('file'), 'text');
    expect([readdirSync(at('moved')), readdirSync(at('other'))]).toEqual([['file'], []]);
    expect(folder.path).toBe(at('own'));
    await folder.close();
  });

  it('is called by its own path in messages, only as long as it is held', async () => {
    mkdirSync(at('named'));
    const folder = await holdFolder(at('named'));
    const path = folder.at('none');
    expect(plainPath(path)).toBe(at('named/none'));
    expect(plainPath(at('named'))).toBe(at('named'));
    const error = await readFile(path).catch((thrown: unknown) => thrown);
    expect(hostFault(error)?.says).toBe(`${at('named/none')}: no such file or folder`);
    const inner = await makePrivate(folder, 'inner');
    expect(inner.path).toBe(at('named/inner'));
    await inner.close();
    await folder.close();
    // Its descriptor may be another's by now.
    expect(() => folder.at('x')).toThrow(/not held any more/);
    expect(plainPath('/proc/self/fd/99999/x')).toBe('/proc/self/fd/99999/x');
  });

  it('is no link, where that matters, and no file', async () => {
    mkdirSync(at('real'));
    symlinkSync(at('real'), at('link'));
    await (await holdFolder(at('link'))).close();
    await expect(holdFolder(at('link'), { noLink: true })).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTDIR|ELOOP/),
    });
    writeFileSync(at('plain'), '');
    await expect(holdFolder(at('plain'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('a private folder', () => {
  it('is new, 0700, and removed with what is in it', async () => {
    mkdirSync(at('parent'));
    const parent = await holdFolder(at('parent'));
    const name = '.osx-iso-0123456789ab';
    const folder = await makePrivate(parent, name);
    expect(await readdir(at('parent'))).toEqual([name]);
    await writeFile(folder.at('a'), '');
    await expect(makePrivate(parent, name)).rejects.toMatchObject({ code: 'EEXIST' });
    await removePrivate(parent, folder);
    expect(await readdir(at('parent'))).toEqual([]);
    await parent.close();
  });

  it('is refused where others can write to it', async () => {
    mkdirSync(at('shared'));
    chmodSync(at('shared'), 0o770);
    await expect(holdPrivate(at('shared'))).rejects.toThrow(/expected a folder of our own, found another in its place/);
    symlinkSync(at('parent'), at('to-parent'));
    await expect(holdPrivate(at('to-parent'))).rejects.toMatchObject({ code: expect.stringMatching(/ENOTDIR|ELOOP/) });
  });
});

it('says where everybody may replace what others have made', () => {
  expect([0o777, 0o1777, 0o775, 0o702].map(isFreeForAll)).toEqual([true, false, false, true]);
});

describe('folders that are missing', () => {
  it('are made, each with the mode, and may be there already', async () => {
    await makeFolder(at('a/b/c'), 0o700);
    await makeFolder(at('a/b/c'), 0o700);
    expect(existsSync(at('a/b/c'))).toBe(true);
    await expect(makeFolder(join(at('plain'), 'x'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(makeFolder(at('plain'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it.runIf(existsSync('/proc/self'))('end with an error where nothing can be made', async () => {
    await expect(makeFolder('/proc/nope/osx-iso', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
