import { lstat, mkdir, mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importsOf, top } from './imports.js';
import { digest, removeReadOnly } from './made-once.js';

/** After so many days without use what older sources made goes. */
const DAYS = 3;

/** The variables by which test files learn of the folders; globalSetup sets them. */
export const INSTALLERS = 'OSX_ISO_TEST_INSTALLERS';
export const RUN = 'OSX_ISO_TEST_RUN';

/** A folder that globalSetup made. */
export function sharedFolder(name: typeof INSTALLERS | typeof RUN): string {
  const folder = process.env[name];
  if (folder === undefined) throw new Error(`${name} is not set: test/helpers/global-setup.ts has not run`);
  return folder;
}

/**
 * Where this user's synthetic installers are kept from run to run: outside the checkout, so that several share them, and named after
 * everything that has a hand in making one.
 */
export async function installerStore(): Promise<string> {
  const parent = await ownFolder(join(tmpdir(), `osx-iso-test-installers-${process.getuid?.() ?? 'user'}`));
  await prune(parent);
  const store = join(parent, await makersDigest());
  await mkdir(store, { recursive: true });
  return store;
}

/** A folder of that name which nobody else can write to; where another has put one there, a new one. */
async function ownFolder(path: string): Promise<string> {
  await mkdir(path, { mode: 0o755 }).catch(() => undefined);
  const { uid, mode } = await lstat(path);
  const isFolder = (mode & 0o170_000) === 0o040_000;
  const mine = uid === (process.getuid?.() ?? uid);
  return isFolder && mine && (mode & 0o022) === 0 ? path : mkdtemp(`${path}-`);
}

/** Of the installers' maker, all it imports, what wraps and keeps them, the packages, and Node, whose zlib writes them. */
async function makersDigest(): Promise<string> {
  const modules = new Set(['scripts/installer/index.ts', 'test/helpers/installers.ts']);
  for (const module of modules) {
    for (const { to, typeOnly } of importsOf(module))
      if (!typeOnly && to.includes('/') && to.endsWith('.ts')) modules.add(to);
  }
  const sources = await Promise.all(
    [...modules, 'package-lock.json'].sort().map(async (path) => [path, await readFile(join(top, path), 'utf8')]),
  );
  return digest([process.version, sources]);
}

/** Removes what sources made that nobody has used for days. */
async function prune(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const store = join(parent, name);
    let used = (await stat(store)).mtimeMs;
    for (const entry of await readdir(store)) {
      const made = await stat(join(store, entry, 'made.json')).catch(() => undefined);
      used = Math.max(used, made?.mtimeMs ?? 0);
    }
    if (Date.now() - used > DAYS * 86_400_000) await removeReadOnly(store);
  }
}
