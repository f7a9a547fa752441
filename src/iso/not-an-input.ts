import { stat } from 'node:fs/promises';
import { UsageError } from '../errors.js';
import type { Output } from './output.js';

/** UsageError where a file that is to be made is one that it is made from: with --force it would be replaced by its own ISO. */
export async function expectNoInput(
  { iso, manifest, checksum }: Output,
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const read = await Promise.all(inputs.map(idOf));
  for (const path of [iso, manifest, checksum]) {
    const id = await idOf(path);
    const index = id === undefined ? -1 : read.indexOf(id);
    if (index < 0) continue;
    throw new UsageError(
      `-o ${path}: this is what the ISO is made from (${inputs[index]}).`,
      'Give another name: it would be lost.',
    );
  }
}

/** What is one file, whatever it is called; undefined where there is none. */
async function idOf(path: string | undefined): Promise<string | undefined> {
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
  return found?.isFile() ? `${found.dev}:${found.ino}` : undefined;
}
