import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectPlace } from '../../src/host/place.js';
import { scratch } from '../helpers/judges/tool.js';

it('says how to make the folder of a file, in words that can be pasted, and nothing of the kind where a file is in its place', async () => {
  const folder = scratch('place');
  await expect(expectPlace('-o', join(folder, 'my folder;x', 'y.png'))).rejects.toMatchObject({
    message: expect.stringContaining('found nothing'),
    hint: `Make it first: mkdir -p '${join(folder, 'my folder;x')}'`,
  });
  writeFileSync(join(folder, 'file'), '');
  await expect(expectPlace('-o', join(folder, 'file', 'y.png'))).rejects.toMatchObject({
    message: expect.stringContaining('found a file'),
    hint: `${join(folder, 'file')} is no folder: give another place.`,
  });
});
