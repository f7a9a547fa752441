import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeSocketFolder } from '../core/own-folder.js';
import { Scope } from '../core/scope.js';
import { HostError, SourceError } from '../errors.js';
import { openFile } from '../host/open-file.js';
import { Secret } from './secret.js';

/** Where the SMC's key comes from; no part of it. */
export type OskSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment' }
  | { readonly kind: 'host' };

export interface Osk {
  readonly secret: Secret;
  readonly source: OskSource;
  /** The key's file can be read by others than its owner. */
  readonly open: boolean;
}

/** The variable that may hold the key. */
export const OSK_VARIABLE = 'OSX_ISO_OSK';

/** Characters. QEMU only warns about any other length and goes on with a key that starts nothing. */
export const OSK_LENGTH = 64;
/** Bytes looked at: a key and a line end, or enough to see that it is something else. */
const MOST = 4096;

/** Takes the key out of the environment, so that no program started later inherits it. Call this before anything is started. */
export function takeFromEnvironment(env: NodeJS.ProcessEnv = process.env): Secret | undefined {
  const text = env[OSK_VARIABLE];
  delete env[OSK_VARIABLE];
  return text === undefined || text === '' ? undefined : new Secret(text);
}

/**
 * The key a user gives: in a file, else in the variable, else what `readHost` reads from the Apple computer this runs on. Undefined
 * where there is none. HostError when it is not a key; its text says nothing of what was found but the length.
 */
export async function findOsk(given: {
  readonly file?: string;
  readonly environment?: Secret | undefined;
  readonly readHost?: () => Promise<Secret | undefined>;
}): Promise<Osk | undefined> {
  if (given.file !== undefined) {
    const read = await readKeyFile(given.file);
    const source = { kind: 'file', path: resolve(given.file) } as const;
    return { secret: checked(read.text, given.file), source, open: read.open };
  }
  if (given.environment) {
    const secret = checked(given.environment.reveal(), OSK_VARIABLE);
    return { secret, source: { kind: 'environment' }, open: false };
  }
  const secret = await given.readHost?.();
  if (!secret) return undefined;
  return { secret: checked(secret.reveal(), "this computer's SMC"), source: { kind: 'host' }, open: false };
}

async function readKeyFile(path: string): Promise<{ text: string; open: boolean }> {
  const opened = await openFile(path, { label: '--osk-file ' }).catch((error: unknown) => {
    throw error instanceof SourceError ? new HostError(error.message, { hint: OSK_HINT, cause: error }) : error;
  });
  const { handle, stat } = opened;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST), 0, MOST, 0);
    return { text: buffer.toString('latin1', 0, bytesRead), open: (stat.mode & 0o077) !== 0 };
  } finally {
    await handle.close();
  }
}

export const OSK_HINT = [
  "OS X asks the SMC for a key of 64 characters. It belongs to Apple's hardware and is not part of this program.",
  '  --osk-file FILE         a file with nothing else in it (chmod 600)',
  `  ${OSK_VARIABLE}=…           in the environment`,
  '  osx-iso smc OSK0 OSK1   reads it on an Intel Mac that runs Linux',
].join('\n');

function checked(text: string, where: string): Secret {
  const key = text.replace(/[\r\n]+$/, '');
  if (key.length !== OSK_LENGTH) {
    const found = text.length >= MOST ? 'more than a page' : key.length;
    throw new HostError(`${where}: expected a key of exactly ${OSK_LENGTH} characters, found ${found}.`, {
      hint: OSK_HINT,
    });
  }
  // What else there is would break the quotes of QEMU's configuration.
  if (!/^[\x20-\x7e]+$/.test(key) || key.includes('"')) {
    throw new HostError(`${where}: expected ${OSK_LENGTH} visible characters, found others among them.`, {
      hint: OSK_HINT,
    });
  }
  return new Secret(key);
}

/** The section of QEMU's configuration that adds the SMC. The blanks around "=" are needed. `key` may be a word of sh. */
export function smcSection(key: string): string {
  return `[device "smc"]\n  driver = "isa-applesmc"\n  osk = "${key}"\n`;
}

/** open(2): a file that never has a name. The same number on all of Linux's architectures that Node runs on. */
const TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * The key as QEMU's configuration behind an open descriptor, for one start: nothing but the descriptor leads to it. Where the system
 * can, the file never had a name; else it had one for a moment, in a folder of `scope`'s that was written down before. When QEMU has
 * read it, `forget` it.
 */
export async function handOver(secret: Secret, scope = new Scope()): Promise<FileHandle> {
  const handle = (await nameless()) ?? (await unnamed(scope));
  try {
    // At a place that is said: where /dev/fd shares the position, it must stay at the start.
    const bytes = Buffer.from(smcSection(secret.reveal()));
    await handle.write(bytes, 0, bytes.length, 0);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The file is empty afterwards, whoever still has it open. */
export async function forget(handle: FileHandle): Promise<void> {
  await handle.truncate(0);
  await handle.close();
}

/** In memory where there is such a place. Undefined where neither system nor disks know files without a name. */
async function nameless(): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux') return undefined;
  for (const place of ['/dev/shm', process.env.XDG_RUNTIME_DIR, tmpdir()]) {
    if (place === undefined) continue;
    // O_EXCL: it can never be given one.
    const flags = TMPFILE | constants.O_RDWR | constants.O_EXCL;
    const handle = await open(place, flags, 0o600).catch(() => undefined);
    if (!handle) continue;
    const found = await handle.stat();
    if (found.isFile() && found.nlink === 0) return handle;
    await handle.close();
  }
  return undefined;
}

/** A file whose name is taken away before anything is in it. */
async function unnamed(scope: Scope): Promise<FileHandle> {
  const folder = await makeSocketFolder(scope, "remove the folder of the SMC's configuration");
  try {
    return await open(join(folder.path, 'smc.cfg'), 'wx+', 0o600);
  } finally {
    await folder.spend();
  }
}
