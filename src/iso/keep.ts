import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDownload } from '../core/lock-download.js';
import { makeFolder } from '../host/make-folder.js';
import { PartFile } from '../remote/part-file.js';
import type { Validators } from '../remote/range-answer.js';

/** Keeps what a build reads of files on a server, in a folder, as unfinished downloads that `download` goes on with. */
export class Keeper {
  readonly #release: (() => Promise<void>)[] = [];
  #missing = 0;

  /** `folder` is made where it is missing. */
  constructor(readonly folder: string) {}

  /** Opens the unfinished download of a file; undefined where the finished one lies there. */
  async open(name: string, url: string, validators: Validators): Promise<PartFile | undefined> {
    await makeFolder(this.folder, 0o755);
    const path = join(this.folder, name);
    if (await stat(path).catch(() => undefined)) return undefined;
    this.#release.push(await lockDownload(path));
    const part = await PartFile.open(path, url, validators);
    this.#missing += await part.unallocated();
    return part;
  }

  /** Bytes of room that the files will still take. */
  get missing(): number {
    return this.#missing;
  }

  /** Gives the locks back: when the files are closed. */
  async close(): Promise<void> {
    for (const release of this.#release.splice(0)) await release();
  }
}
