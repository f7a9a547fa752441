import { templateFile, templateFiles } from '../host/template-files.js';
import type { Settings } from '../plist/chameleon/boot-plist.js';
import { settingsOf } from '../plist/chameleon/settings.js';

/** What `plist` starts from unless told otherwise: the example of Somlo's page. */
export const DEFAULT_TEMPLATE = 'installer';

/** The names of Chameleon's plists that come with osx-iso. */
export async function templateNames(): Promise<string[]> {
  return templateFiles('.');
}

/** One of them as settings. UsageError for another name. */
export async function readTemplate(name: string): Promise<Settings> {
  const file = await templateFile('.', name);
  return settingsOf(file.bytes, file.name);
}

/** One of them as it stands. UsageError for another name. */
export async function templateText(name: string): Promise<Uint8Array> {
  return (await templateFile('.', name)).bytes;
}
