import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { hostCode, hostError } from './faults.js';
import { kindOf } from './open-file.js';
import { quoteFile } from './quote.js';

/**
 * Makes sure that a file can be made where it was asked for ("--screenshot x.png"). `replace`: a file that is there is written over. An
 * error of the host, or UsageError.
 */
export async function expectPlace(
  option: string,
  path: string,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<void> {
  const folder = dirname(resolve(path));
  const parent = await look(option, path, folder);
  if (!parent?.isDirectory()) {
    throw new UsageError(
      `${option} ${path}: expected a folder to put it in, found ${parent ? 'a file' : 'nothing'}.`,
      parent ? `${folder} is no folder: give another place.` : `Make it first: mkdir -p ${quoteFile(folder)}`,
    );
  }
  const there = await look(option, path, resolve(path));
  if (there && !there.isFile() && !there.isCharacterDevice()) {
    throw new UsageError(`${option} ${path}: expected a place for a file, found ${kindOf(there)}.`);
  }
  if (there?.isFile() && !replace) {
    throw new UsageError(
      `${option} ${path}: there is a file already; it stays as it is.`,
      'Give another name, or remove it first.',
    );
  }
  await access(there ? resolve(path) : folder, constants.W_OK).catch((error: unknown) => {
    throw hostError(error, `${option} ${path}`, UsageError);
  });
}

async function look(option: string, path: string, at: string) {
  return stat(at).catch((error: unknown) => {
    if (hostCode(error) === 'ENOENT') return undefined;
    throw hostError(error, `${option} ${path}`, UsageError);
  });
}
