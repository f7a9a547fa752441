import { readFileSync } from 'node:fs';

/** Of this program, from its package.json, which lies at the same distance from dist/src as from here plus one. */
export const version: string = readVersion();

function readVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'osx-iso' && found.version) return found.version;
    } catch {
      // Not at this distance.
    }
  }
  return 'unknown';
}
