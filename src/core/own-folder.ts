import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deferred, Scope } from './scope.js';

/** What our own folders, and files under no other name, are called: random, used once. Nothing else is removed unseen. */
export const OWN_NAME = /^\.?osx-iso-[0-9a-f]{12}$/;

/** A new one. */
export function ownName(): string {
  return `osx-iso-${randomBytes(6).toString('hex')}`;
}

/** A UNIX socket's path has 107 bytes at most (103 on a Mac); so many of them are the folder's name and the socket's. */
const MAX_PARENT = 70;

/** A private folder of one program. */
export interface OwnFolder extends Deferred {
  readonly path: string;
}

/**
 * Makes a folder that only its owner can enter, short enough for a socket's path, and written down before it is made. The program that
 * has it among its arguments is known by it: `clean` ends it together with the folder. `spend` gives it back early.
 */
export async function makeSocketFolder(scope: Scope, title: string): Promise<OwnFolder> {
  const parent = tmpdir();
  return makeOwnFolder(scope, title, Buffer.byteLength(parent) > MAX_PARENT ? '/tmp' : parent);
}

/** A folder that only its owner can enter, for files of a guest that end with it; see `makeSocketFolder`. */
export async function makeOwnFolder(scope: Scope, title: string, parent = tmpdir()): Promise<OwnFolder> {
  const path = join(parent, ownName());
  const entry = await scope.announce({ kind: 'folder', path });
  await mkdir(path, { mode: 0o700 });
  const owed = { command: `rm -r ${path}`, entry };
  const deferred = scope.defer(title, () => rm(path, { recursive: true, force: true }), owed);
  return { path, spend: () => deferred.spend() };
}
