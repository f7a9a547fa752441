import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lockDownload } from '../core/lock-download.js';
import { HostError } from '../errors.js';
import { makeFolder } from '../host/make-folder.js';
import { PartFile } from '../remote/part-file.js';
import type { Validators } from '../remote/range-answer.js';
import { spaceFree } from './space.js';

/** Keeps what a build reads of files on a server, in a folder, as unfinished downloads that `download` goes on with. */
export class Keeper {
  readonly #release: (() => Promise<void>)[] = [];

  /** `folder` is made where it is missing. */
  constructor(readonly folder: string) {}

  /** Opens the unfinished download of a file; undefined where the finished one lies there. HostError where there is no room for it. */
  async open(name: string, url: string, validators: Validators): Promise<PartFile | undefined> {
    await makeFolder(this.folder, 0o755);
    const path = join(this.folder, name);
    if (await stat(path).catch(() => undefined)) return undefined;
    this.#release.push(await lockDownload(path));
    const part = await PartFile.open(path, url, validators);
    try {
      await this.#expectRoom(path, validators.size - part.done.total);
      return part;
    } catch (error) {
      await part.close();
      throw error;
    }
  }

  async #expectRoom(path: string, missing: number): Promise<void> {
    const free = await spaceFree(path);
    if (free >= missing) return;
    throw new HostError(
      `${this.folder}: ${basename(path)} needs ${missing.toLocaleString('en-US')} bytes more, ${free.toLocaleString('en-US')} are free.`,
      { hint: 'Give another folder with --save DIR, or build without it: nothing is stored then.' },
    );
  }

  /** Gives the locks back: when the files are closed. */
  async close(): Promise<void> {
    for (const release of this.#release.splice(0)) await release();
  }
}
