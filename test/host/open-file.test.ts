import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/errors.js';
import { openHostFile } from '../../src/host/host-file.js';
import { openFile, probedSize } from '../../src/host/open-file.js';
import { readHead, readHostFile, readJsonObject } from '../../src/host/read-file.js';
import { scratch } from '../helpers/judges/tool.js';

const folder = scratch('open-file');
const at = (name: string) => join(folder, name);
const file = (name: string, text: string | Uint8Array = 'text') => {
  writeFileSync(at(name), text);
  return at(name);
};
const pipe = (name: string) => {
  execFileSync('mkfifo', [at(name)]);
  return at(name);
};
const link = (target: string, name: string) => {
  symlinkSync(target, at(name));
  return at(name);
};
const server = createServer();
afterAll(() => server.close());
const listening = (name: string) => {
  server.listen(at(name));
  return at(name);
};

describe('what somebody names as a file', () => {
  it('is a file, or a link to one', async () => {
    link(file('plain'), 'link');
    for (const path of [at('plain'), at('link')]) {
      const opened = await openFile(path);
      expect(opened).toMatchObject({ kind: 'file', size: 4 });
      await opened.handle.close();
    }
  });

  it.each([
    ['a pipe', () => pipe('pipe'), 'Save what comes through it into a file, and give that.'],
    ['a device', () => '/dev/null', undefined],
    ['a folder', () => folder, undefined],
    ['a socket', () => listening('socket'), undefined],
  ])('and %s is called what it is, at once', async (what, make, hint) => {
    const path = make();
    link(path, `to ${what}`);
    for (const [given, write] of [
      [path, false],
      [path, true],
      [at(`to ${what}`), false],
    ] as const) {
      const error: unknown = await openFile(given, { label: '--app ', write }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({ message: `--app ${given}: expected a file, found ${what}.`, hint });
    }
  });

  it.each([
    ['nothing', () => at('none'), /none: no such file or folder\.$/],
    ['a file on the way', () => join(file('way'), 'x'), /no such file: a part of this path is no folder/],
    ['a name of 300 bytes', () => at('n'.repeat(300)), /the name is too long for this disk/],
    ['a circle of links', () => link(at('circle'), 'circle'), /lead in a circle/],
    ['a NUL in the name', () => at('a\0b'), /null bytes/],
  ])('and %s is a sentence', async (_, make, says) => {
    await expect(openFile(make())).rejects.toThrow(says);
  });

  it('is not taken through a link where others could have put one', async () => {
    link(file('own'), 'planted');
    await expect(openFile(at('planted'), { noLink: true })).rejects.toThrow(/a link where none is followed/);
    await (await openFile(at('own'), { noLink: true })).handle.close();
  });

  it('does not wait where a pipe takes its place between the look and the opening', async () => {
    const path = file('swapped');
    pipe('waiting');
    const opening = openFile(path);
    // The look is under way: a pipe of that name is what is opened, or the file.
    renameSync(at('waiting'), path);
    const outcome = await opening.then(
      async ({ handle, kind }) => {
        await handle.close();
        return kind;
      },
      (error: Error) => error.message,
    );
    expect(['file', `${path}: expected a file, found a pipe.`]).toContain(outcome);
  });
});

describe('a disk', () => {
  it('will do only where an image is meant, and has the size its system says', async ({ skip }) => {
    const image = file('disk', new Uint8Array(1 << 20).fill(7));
    let device: string;
    try {
      device = execFileSync('losetup', ['--show', '-f', image], { encoding: 'utf8', stdio: 'pipe' }).trim();
    } catch {
      return skip('this host lets nobody make loop devices');
    }
    try {
      await expect(openFile(device)).rejects.toThrow(/expected a file, found a disk/);
      const source = await openHostFile(device, { disk: true });
      expect(source.size).toBe(1 << 20);
      expect(await source.read((1 << 20) - 3, 3)).toEqual(new Uint8Array(3).fill(7));
      await source.close();
      const { handle } = await openFile(device, { disk: true });
      expect(await probedSize(handle)).toBe(1 << 20);
      await handle.close();
    } finally {
      execFileSync('losetup', ['-d', device]);
    }
  });

  it.each([0, 1, 511, 512, 513, 1024, 4096, 5 * 512, 1_000_000])('of %i bytes is measured by reading', async (size) => {
    const handle = await open(file(`measured-${size}`, new Uint8Array(size)), 'r');
    expect(await probedSize(handle)).toBe(size - (size % 512));
    await handle.close();
  });
});

describe('a source over a file of the host', () => {
  it('ends every reading when its signal aborts', async () => {
    const controller = new AbortController();
    const source = await openHostFile(file('long', new Uint8Array(100)), { signal: controller.signal });
    expect((await source.read(0, 10)).length).toBe(10);
    controller.abort(new Error('stop'));
    await expect(source.read(0, 10)).rejects.toThrow('stop');
    await source.close();
  });

  it('says which file has become shorter', async () => {
    const source = await openHostFile(file('shrinks', new Uint8Array(100)));
    truncateSync(at('shrinks'), 50);
    await expect(source.read(40, 20)).rejects.toThrow(/shrinks: file at byte 50: expected 10 bytes more.*shrink/);
    await source.close();
  });
});

describe('small files', () => {
  it('are read whole up to a limit that says what they are', async () => {
    const whole = { what: 'list of chunks', most: 4 };
    expect(Buffer.from(await readHostFile(file('four', 'abcd'), whole)).toString()).toBe('abcd');
    await expect(readHostFile(file('five', 'abcde'), whole)).rejects.toThrow(
      'five: list of chunks at byte 0: expected at most 4 bytes, found 5.',
    );
    expect(await readHead(at('five'), 100)).toHaveLength(5);
    expect(await readHead(at('five'), 2)).toHaveLength(2);
  });

  it.each([
    ['null', /expected a note, found other JSON/],
    ['[1]', /found other JSON/],
    ['"x"', /found other JSON/],
    ['3', /found other JSON/],
    ['{"a":', /found no JSON/],
    ['', /found no JSON/],
    [`{"a":"${'x'.repeat(200)}"}`, /note at byte 0: expected at most 100 bytes/],
  ])('%s is no JSON object', async (text, says) => {
    const path = file('json', text);
    await expect(readJsonObject(path, { what: 'note', most: 100 })).rejects.toThrow(says);
    mkdirSync(at('dir'), { recursive: true });
    await expect(readJsonObject(at('dir'), { what: 'note', most: 100 })).rejects.toThrow(/found a folder/);
  });
});
