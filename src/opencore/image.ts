import { lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeNew } from '../core/new-file.js';
import { Scope } from '../core/scope.js';
import { HostError, UsageError } from '../errors.js';
import { unixNow } from '../formats/entry.js';
import { planFat } from '../formats/fat/index.js';
import { hostCode, hostError } from '../host/faults.js';
import { WorkerPool } from '../image/writer/pool.js';
import { writeDisk } from '../image/writer/write-disk.js';
import { type Esp, type EspRequest, gatherEsp } from './gather.js';

/** An image that was made. */
export interface EspImage extends Pick<Esp, 'loader' | 'config' | 'notes'> {
  /** Absolute path. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Paths of the files on it. */
  readonly files: readonly string[];
}

/** Makes the image of an EFI system partition, without a partition map: whole or not at all, never in the place of another file. */
export async function makeEsp(
  path: string,
  request: EspRequest,
  { signal, scope = new Scope() }: { readonly signal: AbortSignal; readonly scope?: Scope },
): Promise<EspImage> {
  const file = resolve(path);
  const parent = await stat(dirname(file)).catch(() => undefined);
  if (!parent?.isDirectory()) throw new UsageError(`${dirname(file)}: expected a folder for the image, found none.`);
  const taken = () => new UsageError(`${path} exists already.`, 'Give another name, or remove it first.');
  if (await lstat(file).catch(() => undefined)) throw taken();
  const esp = await gatherEsp({ ...request, option: '--zip' }, { signal });
  const written = await writeEsp(file, esp, { signal, scope }).catch((error: unknown) => {
    if (hostCode(error) === 'EEXIST') throw taken();
    throw hostError(error, path, HostError);
  });
  const { loader, config, notes, items } = esp;
  return { file, ...written, loader, config, notes, files: items.map((item) => item.path.join('/')) };
}

/** Writes what was gathered to a new file. EEXIST and node's other errors as they are. */
export async function writeEsp(
  file: string,
  { items, size, label }: Pick<Esp, 'items' | 'size' | 'label'>,
  { signal, scope }: { readonly signal: AbortSignal; readonly scope: Scope },
): Promise<{ readonly size: number; readonly sha256: string }> {
  const plan = planFat(items, { size, label, date: unixNow() });
  const pool = new WorkerPool(1);
  try {
    let sha256 = '';
    await makeNew(file, scope, async (draft) => {
      sha256 = (await writeDisk(draft, plan, { signal, pool })).sha256;
    });
    return { size, sha256 };
  } finally {
    await pool.close();
  }
}
