import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Emit, StepInfo } from '../core/events.js';
import { explain } from '../core/explain.js';
import { lockDownload } from '../core/lock-download.js';
import { Throttle } from '../core/throttle.js';
import { HostError, Interrupted, SourceError, UsageError } from '../errors.js';
import { CHUNKLIST, parseChunklist, verifySignature } from '../formats/chunklist.js';
import { hostError } from '../host/faults.js';
import { givenPath } from '../host/given-path.js';
import { caller, giveTo } from '../host/hand-over.js';
import { readHostFile } from '../host/read-file.js';
import { releaseWanted } from '../known/names.js';
import { HttpClient } from '../remote/client.js';
import { downloadFile } from '../remote/download.js';
import { fetchSmall } from '../remote/fetch-whole.js';
import { findProduct } from '../remote/find-product.js';
import type { Product, ProductPart } from '../remote/products.js';
import { fileNameOf, isUrl, parseUrl } from '../remote/url.js';
import { isThere, type Wanted } from '../remote/wanted.js';
import { type ChunklistUsed, proofOf } from './proof.js';

export { listProducts } from '../remote/find-product.js';

/** What a user asks of a download. */
export interface DownloadOptions {
  /** A release ("sierra", "10.12"), or a URL. */
  readonly what: string;
  /** The folder; default: one of the release's name, here; of a URL: the current one. */
  readonly output?: string;
  readonly buildNumber?: string;
  /** Ranges fetched at once. */
  readonly connections?: number;
}

export interface DownloadContext {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface DownloadResult {
  /** What to give to `build --app`. */
  readonly path: string;
  readonly title: string;
  readonly files: readonly {
    readonly path: string;
    readonly url: string;
    readonly size: number;
    /** Bytes that came in this run. */
    readonly fetched: number;
    /** What was proved of it, and what was not, as sentences. */
    readonly proof: readonly string[];
  }[];
}

/** A file to be had, and how it is proved. */
interface Job {
  readonly part: Omit<ProductPart, 'size'> & { readonly size?: number };
  readonly step: StepInfo;
}

/**
 * Downloads an installer, or any file, with every proof that there is; what an earlier run brought is used. Throws NetworkError (exit
 * code 4) and SourceError (3); what was fetched stays for the next run.
 */
export async function download(options: DownloadOptions, context: DownloadContext): Promise<DownloadResult> {
  const { signal } = context;
  const product = isUrl(options.what) ? undefined : await productOf(options, signal);
  const given = options.output === undefined ? undefined : resolve(await givenPath(options.output));
  const folder = given ?? resolve(product ? product.title : '.');
  await makeFolder(folder);
  // Chunklists first: they prove the rest.
  const parts: Job['part'][] = product
    ? [...product.parts].sort((a, b) => a.size - b.size)
    : [{ name: fileNameOf(parseUrl(options.what)), urls: [parseUrl(options.what)] }];
  const jobs = parts.map((part, index): Job => {
    return { part, step: { index, verb: 'download', title: `Download ${part.name}`, args: [part.urls[0]!.host] } };
  });
  const started = Date.now();
  const { emit } = context;
  const title = `${product?.title ?? options.what} to ${folder}`;
  emit({ type: 'run:start', title, steps: jobs.map(({ step }) => step), at: started });
  const files: DownloadResult['files'][number][] = [];
  let failure: { error: unknown } | undefined;
  for (const job of jobs) {
    const at = Date.now();
    emit({ type: 'step:start', step: job.step, at });
    try {
      files.push(await fetchOne(job, folder, options, context));
    } catch (error) {
      failure = {
        error: signal.aborted
          ? new Interrupted('Interrupted. The same command goes on from here.')
          : explain(error, job.step.title),
      };
    }
    const outcome = failure ? (signal.aborted ? 'interrupted' : 'failed') : 'done';
    emit({ type: 'step:end', step: job.step, outcome, milliseconds: Date.now() - at, at: Date.now() });
    if (failure) break;
  }
  const outcome = failure ? (signal.aborted ? 'interrupted' : 'failed') : 'done';
  emit({ type: 'run:end', outcome, milliseconds: Date.now() - started, leftovers: [], at: Date.now() });
  if (failure) throw failure.error;
  return {
    path: product && parts.length > 1 ? folder : files[0]!.path,
    title: product?.title ?? parts[0]!.name,
    files,
  };
}

async function productOf({ what, buildNumber }: DownloadOptions, signal: AbortSignal): Promise<Product> {
  const wanted = releaseWanted(what);
  if (wanted !== undefined) return findProduct(wanted, buildNumber, { signal });
  throw new UsageError(
    `${what}: expected the name or version of a release, or a URL.`,
    'osx-iso list shows what there is: yosemite, 10.12, "OS X El Capitan".',
  );
}

async function fetchOne(
  { part, step }: Job,
  folder: string,
  options: DownloadOptions,
  { signal, emit }: DownloadContext,
): Promise<DownloadResult['files'][number]> {
  const note = (text: string) => emit({ type: 'step:note', step, text, at: Date.now() });
  const throttle = new Throttle(
    (progress) => emit({ type: 'step:progress', step, progress, at: Date.now() }),
    Date.now,
  );
  const path = join(folder, part.name);
  const release = await lockDownload(path);
  try {
    const list = await chunklistOf(part, folder, signal);
    const wanted: Wanted = {
      path,
      urls: part.urls,
      ...(part.size !== undefined && { size: part.size }),
      ...(list && { chunklist: list.chunklist }),
    };
    const proof: string[] = [];
    const prove = async (file: string) => void proof.push(...(await proofOf(file, part.name, list, signal, note)));
    if (await isThere(wanted, signal)) {
      await prove(path);
      note('is there already, whole');
      for (const line of proof) note(line);
      return { path, url: String(part.urls[0]), size: (await stat(path)).size, fetched: 0, proof };
    }
    const { connections } = options;
    const given = { signal, note, report: (progress: { done: number; total: number }) => throttle.push(progress) };
    const done = await downloadFile(wanted, { ...given, ...(connections !== undefined && { connections }) }, prove);
    throttle.flush();
    const owner = caller();
    if (owner) await giveTo(path, owner);
    if (done.url.startsWith('http:')) proof.push('It came over plain http: only what is said here proves it.');
    for (const line of proof) note(line);
    return { path, url: done.url, size: done.validators.size, fetched: done.fetched, proof };
  } finally {
    await release();
  }
}

/** What proves a part chunk by chunk: of BaseSystem.dmg the signed list that came with it, of others the server's integrity data. */
async function chunklistOf(part: Job['part'], folder: string, signal: AbortSignal): Promise<ChunklistUsed | undefined> {
  let bytes: Uint8Array | undefined;
  let name = 'BaseSystem.chunklist';
  if (part.name === 'BaseSystem.dmg') {
    bytes = await readHostFile(join(folder, name), CHUNKLIST);
  } else if (part.integrity) {
    const client = new HttpClient();
    try {
      bytes = await fetchSmall(client, part.integrity.urls, { signal, most: CHUNKLIST.most });
    } finally {
      await client.close();
    }
    name = fileNameOf(part.integrity.urls[0]!);
  }
  if (!bytes) return undefined;
  const chunklist = parseChunklist(bytes, name);
  const signature = verifySignature(chunklist);
  if (signature === 'invalid') {
    throw new SourceError(`${name}: the chunklist was changed after it was made.`, {
      hint: 'The download is damaged: remove it and get it again.',
    });
  }
  return { chunklist, signature };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code === 'EEXIST') throw new UsageError(`${path}: expected a folder, found something else.`);
    if (code === 'ENOENT') throw new UsageError(`${path}: the folder it would be in does not exist.`, 'Make it first.');
    throw hostError(error, path, HostError);
  }
}
