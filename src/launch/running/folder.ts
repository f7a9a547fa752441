import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SourceError } from '../../errors.js';
import { givenPath } from '../../host/given-path.js';

/** Files that make a folder a guest's; one that runs is known even where its description is damaged meanwhile. */
const MARKS = ['guest.json', 'run.json'];

/** The folder, absolute, of the guest that is meant by a name: its path, or its guest.json. SourceError for anything else. */
export async function runFolder(name: string): Promise<string> {
  const path = resolve(await givenPath(name));
  const folder = MARKS.includes(basename(path)) ? dirname(path) : path;
  for (const mark of MARKS) if (await stat(join(folder, mark)).catch(() => undefined)) return folder;
  const there = await stat(path).catch(() => undefined);
  const found = there?.isDirectory() ? 'a folder without guest.json' : there ? 'a file' : 'nothing';
  throw new SourceError(`${name}: expected a guest's folder, found ${found}.`, {
    hint: 'osx-iso guest list tells which guests are here.',
  });
}
