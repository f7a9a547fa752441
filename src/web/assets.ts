import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../host/package-root.js';
import { STROKES } from '../launch/us-keyboard.js';

/** A file as it is served. */
export interface Asset {
  readonly type: string;
  readonly body: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};
/** Licences, which have no suffix that says what they are. */
const TEXT = 'text/plain; charset=utf-8';

const OWN = ['index.html', 'style.css', 'screen.js', 'typing.js'];
/** Of noVNC (MPL-2.0): its modules as they were published, what it is made of, and all its licences. */
const NOVNC = ['core', 'vendor', 'docs', 'LICENSE.txt', 'AUTHORS'];

/**
 * Everything that is served, by its path below the token, some 800 KB: read once, so that no request opens a file. The page itself is
 * at "".
 */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const own = join(packageRoot().folder, 'web');
  // core/rfb.js is all that the package exports.
  const novnc = dirname(dirname(fileURLToPath(import.meta.resolve('@novnc/novnc'))));
  const files = [
    ...OWN.map((name) => ({ path: name === 'index.html' ? '' : name, file: join(own, name) })),
    ...(await filesBelow(novnc))
      .filter((name) => NOVNC.includes(name.split('/')[0]!))
      .map((name) => ({ path: `novnc/${name}`, file: join(novnc, name) })),
  ];
  const read = files.map(
    async ({ path, file }) => [path, { type: TYPES[extname(file)] ?? TEXT, body: await readFile(file) }] as const,
  );
  return new Map([...(await Promise.all(read)), ['keys.js', keys()]]);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The keyboard that `guest type` has, for the page that types. */
function keys(): Asset {
  const table = Object.fromEntries([...STROKES].map(([character, { code, shift }]) => [character, { code, shift }]));
  return { type: TYPES['.js']!, body: Buffer.from(`export const KEYS = ${JSON.stringify(table)};\n`) };
}
