import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { packageRoot } from './package-root.js';

const SUFFIX = '.plist';

/** A loader's property lists that come with osx-iso: a folder below templates/; Chameleon's lie in it. */
export type TemplateFolder = '.' | 'opencore';

/** Their names, sorted. */
export async function templateFiles(folder: TemplateFolder): Promise<string[]> {
  return (await readdir(placeOf(folder)))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

/** One of them as it stands, and what errors call it. UsageError for another name. */
export async function templateFile(folder: TemplateFolder, name: string): Promise<{ bytes: Uint8Array; name: string }> {
  const names = await templateFiles(folder);
  if (!names.includes(name)) throw new UsageError(`There is no template "${name}"; there are ${names.join(', ')}.`);
  const file = `${name}${SUFFIX}`;
  return { bytes: await readFile(join(placeOf(folder), file)), name: file };
}

function placeOf(folder: TemplateFolder): string {
  return join(packageRoot().folder, 'templates', folder);
}
