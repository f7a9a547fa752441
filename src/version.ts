import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in our package.json, wherever this file was compiled to: dist/src or, in tests, src. */
function ownVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (name === 'osx-iso' && version !== undefined) return version;
    }
    if (folder === dirname(folder)) return 'unknown';
  }
}

/** Of this program. */
export const version: string = ownVersion();
