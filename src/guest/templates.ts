import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { packageRoot } from '../package-root.js';
import type { Settings } from '../plist/chameleon/boot-plist.js';
import { settingsOf } from '../plist/chameleon/settings.js';

const SUFFIX = '.plist';

/** What `plist` starts from unless told otherwise: the example of Somlo's page. */
export const DEFAULT_TEMPLATE = 'installer';

/** The names of the plists that come with osx-iso. */
export async function templateNames(): Promise<string[]> {
  return (await readdir(folder()))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

/** One of them as settings. UsageError for another name. */
export async function readTemplate(name: string): Promise<Settings> {
  return settingsOf(await templateText(name), `${name}${SUFFIX}`);
}

/** One of them as it stands. UsageError for another name. */
export async function templateText(name: string): Promise<Uint8Array> {
  const names = await templateNames();
  if (!names.includes(name)) throw new UsageError(`There is no template "${name}"; there are ${names.join(', ')}.`);
  return readFile(join(folder(), `${name}${SUFFIX}`));
}

function folder(): string {
  return join(packageRoot().folder, 'templates');
}
