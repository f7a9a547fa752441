import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { refuseInUse } from '../../src/guest-disk/in-use.js';
import { scratch } from '../helpers/judges/tool.js';

it('sees a loop device over an image whose path has a link in it', async () => {
  const folder = realpathSync(scratch('in-use'));
  const [real, linked, blocks] = ['real', 'linked', 'block'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(real);
  symlinkSync(real, linked);
  writeFileSync(join(real, 'disk.img'), 'x');
  mkdirSync(join(blocks, 'loop7', 'loop'), { recursive: true });
  writeFileSync(join(blocks, 'loop7', 'loop', 'backing_file'), `${join(real, 'disk.img')}\n`);
  await expect(refuseInUse(join(linked, 'disk.img'), new AbortController().signal, { blocks })).rejects.toThrow(
    `${join(linked, 'disk.img')} is in use: it is attached as /dev/loop7.`,
  );
});
