import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from '../errors.js';
import { quoteFile } from '../host/quote.js';
import { GUEST_FILE, type Guest } from './guest.js';
import { pathOf } from './paths.js';
import type { GuestFolder } from './read.js';

/** SourceError for files that a guest names and that are not there: each with its field, and what to type instead of it. */
export async function expectFiles(
  { name, path, guest }: GuestFolder,
  { disks }: { readonly disks: boolean },
): Promise<void> {
  const gone: { readonly field: string; readonly file: string }[] = [];
  for (const [field, stored] of filesOf(guest)) {
    if (field === 'disks' && !disks) continue;
    const file = await pathOf(path, stored);
    if (!(await stat(file).catch(() => undefined))) gone.push({ field, file });
  }
  const [first] = gone;
  if (!first) return;
  throw new SourceError(
    gone.map(({ field, file }) => `${join(name, GUEST_FILE)}, ${field}: ${file}: no such file or folder.`).join('\n'),
    { hint: `If it is elsewhere now: osx-iso guest set ${quoteFile(name)} ${first.field}=FILE` },
  );
}

/** What has to be there for a start. */
function filesOf(guest: Guest): (readonly [field: string, path: string])[] {
  const { iso, installed, loader, keyFile, folder } = guest;
  const needsIso = !installed || loader?.kind === 'iso';
  return [
    ...(iso !== undefined && needsIso ? [['iso', iso] as const] : []),
    ...guest.disks.map(({ file }) => ['disks', file] as const),
    ...(loader && 'file' in loader ? [['loader.file', loader.file] as const] : []),
    ...(loader?.kind === 'opencore' && loader.config !== undefined ? [['loader.config', loader.config] as const] : []),
    ...(loader?.kind === 'opencore' ? (loader.kexts ?? []).map((kext) => ['loader.kexts', kext] as const) : []),
    ...(keyFile !== undefined && guest.smc !== false ? [['keyFile', keyFile] as const] : []),
    ...(folder === undefined ? [] : [['folder', folder] as const]),
  ];
}
