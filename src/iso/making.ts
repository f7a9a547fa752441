import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Journal } from '../core/journal.js';
import { ownName } from '../core/own-folder.js';
import { giveTo, moveTo, type Owner } from '../host/hand-over.js';
import { type FolderIdentity, type HeldFolder, holdFolder, makePrivate, removePrivate } from '../host/held-folder.js';
import type { EngineName } from './engine.js';

/** Where the results go, and the folder that was there when that was planned. */
export interface Place {
  readonly iso: string;
  readonly folder?: FolderIdentity;
}

/**
 * The place where the results of a build are made: a private folder beside where they go, so that until a result has its final name
 * nobody else can replace it, or lead what root does to it somewhere else. Both folders are opened once.
 */
export class Making {
  /** Where the results go. */
  readonly folder: HeldFolder;
  readonly #room: HeldFolder;
  readonly #iso: string;
  readonly #crossOut: () => Promise<void>;

  private constructor(folder: HeldFolder, room: HeldFolder, iso: string, crossOut: () => Promise<void>) {
    this.folder = folder;
    this.#room = room;
    this.#iso = iso;
    this.#crossOut = crossOut;
  }

  /** Written down in the journal before it is made. Call `end` when all is done or has failed. */
  static async begin({ iso, folder: expected }: Place, journal: Journal): Promise<Making> {
    const folder = await holdFolder(dirname(iso), { ...(expected && { expected }) });
    try {
      const name = `.${ownName()}`;
      const entry = await journal.append({ kind: 'folder', path: join(folder.path, name) });
      const crossOut = () => journal.done(entry);
      try {
        return new Making(folder, await makePrivate(folder, name), basename(iso), crossOut);
      } catch (error) {
        await crossOut();
        throw error;
      }
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** The ISO until it is proved. Programs that are started (hdiutil) have none of our descriptors: they go by the folder's name. */
  partial(engine: EngineName): string {
    return engine === 'native' ? this.#room.at(this.#iso) : join(this.#room.path, this.#iso);
  }

  /** The ISO under its final name. */
  get iso(): string {
    return this.folder.at(this.#iso);
  }

  /** A name that only this build can write to, gone with it. */
  get claim(): string {
    return this.#room.at('lock');
  }

  /** Writes a small file beside the ISO, whole or not at all. */
  async write(name: string, text: string, options: { readonly owner?: Owner | undefined; readonly replace: boolean }) {
    const draft = this.#room.at(name);
    try {
      await writeFile(draft, text, { flag: 'wx' });
      if (options.owner) await giveTo(draft, options.owner);
      await moveTo(draft, this.folder.at(name), options);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Removes what is unfinished, unless it is to be kept, and lets go of the folders. */
  async end({ keep }: { readonly keep: boolean }): Promise<void> {
    try {
      if (keep && (await readdir(this.#room.at('.'))).length > 0) await this.#room.close();
      else await removePrivate(this.folder, this.#room);
      await this.#crossOut();
      await this.folder.sync();
    } finally {
      await this.folder.close();
    }
  }
}
