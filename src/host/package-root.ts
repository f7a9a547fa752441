import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What our package.json says, and the folder it lies in, wherever this file was compiled to. */
export interface PackageRoot {
  readonly folder: string;
  readonly version: string;
  /** Where mistakes of the program are reported. */
  readonly bugs: string;
}

/** Looks upwards from here for the package.json that is ours. */
export function packageRoot(): PackageRoot {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version, bugs } = JSON.parse(readFileSync(file, 'utf8')) as {
        readonly name?: string;
        readonly version?: string;
        readonly bugs?: { readonly url?: string };
      };
      if (name === 'osx-iso' && version !== undefined) return { folder, version, bugs: bugs?.url ?? '' };
    }
    if (folder === dirname(folder)) throw new Error('The package.json of osx-iso is missing: install it again.');
  }
}
