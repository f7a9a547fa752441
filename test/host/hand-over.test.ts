import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveTo } from '../../src/host/hand-over.js';
import { scratch } from '../helpers/judges/tool.js';

const { link, rename } = fs;
/** A file system that cannot do this. */
function without(call: 'link' | 'rename', code: string): void {
  fs[call] = () => Promise.reject(Object.assign(new Error(code), { code }));
  syncBuiltinESMExports();
}
beforeEach(() => without('link', 'EPERM'));
afterEach(() => {
  Object.assign(fs, { link, rename });
  syncBuiltinESMExports();
});

describe('moveTo where there are no hard links', () => {
  const places = () => {
    const folder = scratch('moved');
    const [source, target] = [join(folder, 'draft'), join(folder, 'file')];
    writeFileSync(source, 'new');
    return { folder, source, target };
  };

  it('moves, and replaces nothing', async () => {
    const { folder, source, target } = places();
    await moveTo(source, target, { replace: false });
    expect([readdirSync(folder), readFileSync(target, 'utf8')]).toEqual([['file'], 'new']);
    writeFileSync(source, 'newer');
    await expect(moveTo(source, target, { replace: false })).rejects.toThrow(
      `${target} has come into being meanwhile.`,
    );
    expect([source, target].map((path) => readFileSync(path, 'utf8'))).toEqual(['newer', 'new']);
  });

  it('leaves no empty file where it cannot move', async () => {
    const { source, target } = places();
    without('rename', 'EIO');
    await expect(moveTo(source, target, { replace: false })).rejects.toMatchObject({ code: 'EIO' });
    expect([existsSync(source), existsSync(target)]).toEqual([true, false]);
  });
});
