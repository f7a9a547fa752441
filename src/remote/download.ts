import { basename, dirname } from 'node:path';
import { HostError, SourceError, UsageError } from '../errors.js';
import { type Chunk, checkChunk } from '../formats/chunklist.js';
import { freeSpace } from '../host/free-space.js';
import { CONNECTIONS, HttpClient } from './client.js';
import { type FetchOptions, fetchRange, type Target } from './fetch-range.js';
import { fetchWhole } from './fetch-whole.js';
import { NetworkError } from './network-error.js';
import { PartFile, partPaths } from './part-file.js';
import type { Validators } from './range-answer.js';
import { shownUrl } from './url.js';
import { isThere, type Wanted } from './wanted.js';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly connections?: number;
  readonly stall?: number;
  readonly wait?: FetchOptions['wait'];
  report(progress: { readonly done: number; readonly total: number }): void;
  /** Sentences for people: what was begun anew, which chunk was fetched again. */
  note(text: string): void;
}

export interface Downloaded {
  readonly url: string;
  readonly validators: Validators;
  /** Bytes that were there before. */
  readonly had: number;
  /** Bytes that came. */
  readonly fetched: number;
  /** Chunks of the list that were compared, all of them right; 0 without a list. */
  readonly chunks: number;
}

/** Bytes fetched by one worker at a time of a file without a chunklist. */
const UNIT = 8 << 20;
/** How often a chunk may come wrong. */
const CHUNK_TRIES = 3;

/**
 * Downloads a file into PATH.part, in any number of runs, several ranges at once, and proves what can be proved while it comes. It
 * gets its name when all of it is there. `prove` is called before that, with the path of the whole unnamed file. Nobody else may write
 * it meanwhile. NetworkError (exit code 4), SourceError for bytes that are not what a chunklist says (3).
 */
export async function downloadFile(
  wanted: Wanted,
  options: DownloadOptions,
  prove: (path: string) => Promise<void> = async () => {},
): Promise<Downloaded> {
  if (wanted.chunklist && wanted.size !== undefined && wanted.chunklist.totalSize !== wanted.size) {
    throw new SourceError(
      `${wanted.path}: expected ${wanted.size} bytes, its chunklist ${wanted.chunklist.name} is of ${wanted.chunklist.totalSize}.`,
    );
  }
  const client = new HttpClient(options);
  try {
    for (const [index, url] of wanted.urls.entries()) {
      try {
        return await new Download(wanted, { client, url }, options).run(prove);
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof NetworkError) || index + 1 === wanted.urls.length) throw error;
        options.note(`${error.message} Trying ${shownUrl(wanted.urls[index + 1]!)}.`);
      }
    }
    throw new Error('no place to ask');
  } finally {
    await client.close();
  }
}

class Download {
  readonly #shown: string;
  #fetched = 0;
  /** Chunks compared in this run. */
  readonly #checked = new Set<number>();

  constructor(
    readonly wanted: Wanted,
    readonly target: Target,
    readonly options: DownloadOptions,
  ) {
    this.#shown = shownUrl(target.url);
  }

  async run(prove: (path: string) => Promise<void>): Promise<Downloaded> {
    const { wanted, options } = this;
    const validators = await this.#firstAnswer();
    if (validators === undefined) return this.#inOnePiece(prove);
    this.#checkSize(validators.size);
    if (await isThere({ ...wanted, size: validators.size }, options.signal)) {
      await prove(wanted.path);
      return { url: this.#shown, validators, had: validators.size, fetched: 0, chunks: 0 };
    }
    const part = await PartFile.open(wanted.path, this.#shown, validators, options.note, wanted.urls.map(shownUrl));
    try {
      const had = part.done.total;
      await expectRoom(part);
      if (had > 0) options.note(`going on after ${had.toLocaleString('en-US')} bytes that were there`);
      await this.#fetchAll(part);
      return await this.#finish(part, had, prove);
    } finally {
      await part.close();
    }
  }

  /** What the server says of the file; undefined where it sends whole files only. */
  async #firstAnswer(): Promise<Validators | undefined> {
    try {
      return await fetchRange(this.target, { offset: 0, length: 1 }, () => {}, this.#fetchOptions());
    } catch (error) {
      if (error instanceof NetworkError && error.wholeOnly) return undefined;
      throw error;
    }
  }

  #fetchOptions(known?: Validators): FetchOptions {
    const { signal, wait } = this.options;
    return { signal, known, ...(wait && { wait }) };
  }

  #checkSize(size: number): void {
    const expected = this.wanted.size ?? this.wanted.chunklist?.totalSize;
    if (expected === undefined || expected === size) return;
    throw new NetworkError(`${this.#shown}: expected ${expected} bytes, the server has ${size}.`, {
      hint: 'Apple may have replaced the file: osx-iso list shows what is offered. Or something in between sends another.',
    });
  }

  async #fetchAll(part: PartFile): Promise<void> {
    const { size } = part.validators;
    const units = this.wanted.chunklist?.chunks ?? unitsOf(size);
    let next = 0;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.options.signal, stop.signal]);
    const worker = async () => {
      while (next < units.length) {
        const index = next++;
        await this.#fetchUnit(part, units[index]!, index, signal);
      }
    };
    const workers = Array.from({ length: this.options.connections ?? CONNECTIONS }, worker);
    try {
      await Promise.all(workers);
    } catch (error) {
      // Nobody writes any more when this returns.
      stop.abort();
      await Promise.allSettled(workers);
      this.options.signal.throwIfAborted();
      throw error;
    }
  }

  async #fetchUnit(
    part: PartFile,
    unit: Pick<Chunk, 'offset' | 'size'>,
    index: number,
    signal: AbortSignal,
  ): Promise<void> {
    const end = unit.offset + unit.size;
    for (let tries = 1; ; tries++) {
      const missing = part.done.missing(unit.offset, end);
      for (const [from, to] of missing) {
        const write = async (bytes: Uint8Array, at: number) => {
          await part.write(bytes, at);
          this.#fetched += bytes.length;
          this.options.report({ done: part.done.total, total: part.validators.size });
        };
        const wanted = { offset: from, length: to - from };
        await fetchRange(this.target, wanted, write, { ...this.#fetchOptions(part.validators), signal });
      }
      // What an earlier run brought is compared at the end, once everything is there.
      if (missing.length === 0 || (await this.#isRight(part, index))) return;
      if (tries === CHUNK_TRIES) await this.#compare(part, index);
      part.forget(unit.offset, end);
      this.options.note(`chunk ${index} (bytes ${unit.offset} to ${end - 1}) came damaged: fetched again`);
    }
  }

  async #isRight(part: PartFile, index: number): Promise<boolean> {
    if (!this.wanted.chunklist) return true;
    try {
      await this.#compare(part, index);
      return true;
    } catch (error) {
      if (error instanceof SourceError) return false;
      throw error;
    }
  }

  /** SourceError, naming the chunk, where the bytes are not what the list says. */
  async #compare(part: PartFile, index: number): Promise<void> {
    const list = this.wanted.chunklist!;
    const { offset, size } = list.chunks[index]!;
    checkChunk(list, index, await part.sha256(offset, size), part.path);
    this.#checked.add(index);
  }

  async #finish(part: PartFile, had: number, prove: (path: string) => Promise<void>): Promise<Downloaded> {
    const { chunklist } = this.wanted;
    const bad = [];
    for (const index of chunklist?.chunks.keys() ?? []) {
      this.options.signal.throwIfAborted();
      if (!this.#checked.has(index) && !(await this.#isRight(part, index))) bad.push(index);
    }
    for (const index of bad) {
      const chunk = chunklist!.chunks[index]!;
      this.options.note(`chunk ${index} of an earlier run is damaged: fetched again`);
      part.forget(chunk.offset, chunk.offset + chunk.size);
      await this.#fetchUnit(part, chunk, index, this.options.signal);
    }
    this.options.report({ done: part.validators.size, total: part.validators.size });
    await part.save();
    try {
      await prove(partPaths(part.path).part);
    } catch (error) {
      // Which bytes are wrong nobody knows: going on with them would end here again.
      if (error instanceof SourceError) await part.discard();
      throw error;
    }
    await part.finish();
    const { validators } = part;
    return { url: this.#shown, validators, had, fetched: this.#fetched, chunks: this.#checked.size };
  }

  /** From a server that sends no parts: front to back, and after an interruption from the start. */
  async #inOnePiece(prove: (path: string) => Promise<void>): Promise<Downloaded> {
    const { wanted, options } = this;
    options.note('the server sends whole files only: an interruption means starting over');
    let part: PartFile | undefined;
    try {
      const expected = wanted.size ?? wanted.chunklist?.totalSize;
      const onStart = async ({ size, ...validators }: Partial<Validators>) => {
        if (size !== undefined) this.#checkSize(size);
        if (size === undefined && expected === undefined) {
          throw new NetworkError(
            `${this.#shown}: the server says neither how large the file is nor sends parts of it.`,
          );
        }
        const known = { size: size ?? expected!, ...validators };
        if (await isThere({ ...wanted, size: known.size }, options.signal)) {
          throw new UsageError(`${wanted.path} exists already, as large as the file that is to be had.`);
        }
        part ??= await PartFile.open(wanted.path, this.#shown, known, options.note);
        part.forget(0, part.validators.size);
        await expectRoom(part);
      };
      const write = async (bytes: Uint8Array, at: number) => {
        await part!.write(bytes, at);
        options.report({ done: at + bytes.length, total: part!.validators.size });
      };
      const { signal, wait } = options;
      const most = expected ?? Number.MAX_SAFE_INTEGER;
      this.#fetched = await fetchWhole(this.target, write, { signal, most, onStart, ...(wait && { wait }) });
      this.#checkSize(this.#fetched);
      for (const index of wanted.chunklist?.chunks.keys() ?? []) await this.#compare(part!, index);
      return await this.#finish(part!, 0, prove);
    } finally {
      await part?.close();
    }
  }
}

/** HostError where the disk has too little room for what is missing. What was begun just now is removed. */
async function expectRoom(part: PartFile): Promise<void> {
  const folder = dirname(part.path);
  const needed = await part.unallocated();
  const free = await freeSpace(folder);
  if (free >= needed) return;
  if (part.done.total === 0) await part.discard();
  const bytes = (count: number) => count.toLocaleString('en-US');
  throw new HostError(`${folder}: ${basename(part.path)} needs ${bytes(needed)} bytes more, ${bytes(free)} are free.`, {
    hint: 'Make room and type the same again, or give another folder with -o DIR.',
  });
}

function unitsOf(size: number): { offset: number; size: number }[] {
  const units = [];
  for (let offset = 0; offset < size; offset += UNIT) units.push({ offset, size: Math.min(UNIT, size - offset) });
  return units;
}
