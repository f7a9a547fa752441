import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { makeNew } from '../core/new-file.js';
import { Scope } from '../core/scope.js';
import { HostError, InUseError, SourceError, UsageError } from '../errors.js';
import { ActError, act } from '../host/act.js';
import { hostCode, hostError, isLack } from '../host/faults.js';
import { expectPlace } from '../host/place.js';
import { quoteFile } from '../host/quote.js';
import { diskFormatNamed, expectSectors, guardDisk, secondOpinion } from '../vm-disk/index.js';

const MISSING = 'qemu-img comes with QEMU: sudo apt install qemu-utils, or brew install qemu.';

/** A disk image as qemu-img sees it. */
export interface DiskInfo {
  readonly file: string;
  readonly format: string;
  /** Bytes the guest sees. */
  readonly size: number;
}

/** Bytes that a number holds exactly, in whole TiB: far more than any disk. */
const MOST_BYTES = 8191 * 2 ** 40;

/** "30G" in bytes; powers of 1024, as qemu-img has them. */
export function parseSize(text: string, option = '--size'): number {
  const found = /^(\d{1,12})([KMGT]?)i?B?$/i.exec(text.trim());
  const bytes = found ? Number(found[1]) * 1024 ** ' KMGT'.indexOf((found[2] || ' ').toUpperCase()) : 0;
  if (!(bytes >= 1024 * 1024 && bytes <= MOST_BYTES)) {
    throw new UsageError(`${option} ${text}: expected a size of 1M or more, like 30G, and 8191T at most.`);
  }
  return bytes;
}

/** Milliseconds that qemu-img has to end when it is told to: it has nothing to write out. */
const HURRY = 1000;

/** Makes an empty qcow2 disk, which takes only the space that is written to. Never an existing file. */
export async function createDisk(
  path: string,
  size: number,
  { signal, scope = new Scope() }: { readonly signal?: AbortSignal; readonly scope?: Scope } = {},
): Promise<DiskInfo> {
  const file = resolve(path);
  const taken = () =>
    new UsageError(`${path} exists already; it stays as it is.`, 'Give another name, or remove it first.');
  if (await lstat(file).catch(() => undefined)) throw taken();
  await expectPlace('the disk', path);
  const given = { ...(signal && { signal }), grace: HURRY, missingHint: MISSING };
  try {
    await makeNew(file, scope, (draft) => act('qemu-img', ['create', '-q', '-f', 'qcow2', draft, String(size)], given));
  } catch (error) {
    if (hostCode(error) === 'EEXIST') throw taken();
    throw hostError(asFull(error), path, HostError);
  }
  return { file, format: 'qcow2', size };
}

/** What qemu-img says of a full disk, as the host says it. */
function asFull(error: unknown): unknown {
  if (!(error instanceof ActError) || !error.lines.some((line) => line.includes('No space left on device')))
    return error;
  return Object.assign(new Error(error.message, { cause: error }), { code: 'ENOSPC' });
}

/** How an image of the user's is to be looked at. */
export interface Look {
  readonly format?: string;
  /** Other files that it may be made of. */
  readonly backingOk?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What a disk is, for the line that starts it. SourceError where it is not there, is no disk, or is in use. */
export async function examineDisk(path: string, look: Look = {}): Promise<DiskInfo> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    throw new SourceError(`--disk ${path}: no such file.`, {
      hint: `Make it: osx-iso disk create ${quoteFile(path)} --size 30G`,
    });
  }
  if (!found.isFile() && !found.isBlockDevice()) throw new SourceError(`--disk ${path}: expected a disk image.`);
  await access(path, constants.R_OK | constants.W_OK).catch((error: unknown) => {
    if (!isLack(error)) throw hostError(error, `--disk ${path}`, SourceError);
    throw new HostError(`--disk ${path}: the guest must be able to write to it, and you may not.`, {
      hint: 'chmod u+rw, or take another file.',
    });
  });
  return examineImage('--disk', path, look);
}

/** The same of an image that is only read. `option` stands before the path in messages. */
export async function examineImage(option: string, path: string, look: Look = {}): Promise<DiskInfo> {
  const { format: given, backingOk = [], signal = new AbortController().signal } = look;
  const label = `${option} ${path}`;
  const format = given === undefined ? {} : { format: diskFormatNamed('--disk-format', given) };
  const guarded = await guardDisk(path, { label, backingOk, ...format });
  if (given === undefined && guarded.format === 'raw') await expectSectors(path, label);
  try {
    const size = await secondOpinion(guarded, { label, signal, missingHint: MISSING });
    return { file: guarded.path, format: guarded.format, size };
  } catch (error) {
    if (!(error instanceof ActError)) throw error;
    if (/lock/i.test(error.lines.join(' '))) {
      throw new InUseError(`${label}: in use by another program, as by another guest.`, {
        hint: 'Shut that guest down first: a disk that two guests write to is lost.',
        cause: error,
      });
    }
    const reason = error.lines.at(-1)?.replace(/^qemu-img: /, '') ?? 'qemu-img cannot read it';
    throw new SourceError(`${label}: ${reason}.`, { cause: error });
  }
}
