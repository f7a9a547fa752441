import { stat } from 'node:fs/promises';
import { StepError } from '../errors.js';
import { type ByteSource, type HostFile, openHostFile } from '../formats/bytes.js';
import { hfsDate } from '../formats/entry.js';
import type { Entry, Path, Volume } from '../image/types.js';

/**
 * The files of an installer under the paths recipes know them by, whatever was given: `app:` in a recipe. Files are opened when
 * they are asked for and stay open until `close`, because what is read from them is read late.
 */
export class InstallerFiles implements Volume {
  readonly #open = new Map<string, HostFile>();

  readonly #files: Map<string, string>;

  constructor(
    readonly name: string,
    /** Path in the app ("Contents/SharedSupport/InstallESD.dmg") → path on the host. */
    files: ReadonlyMap<string, string>,
  ) {
    this.#files = new Map(files);
  }

  /** One more file that recipes may ask for. */
  add(path: string, hostPath: string): void {
    this.#files.set(path, hostPath);
  }

  async file(path: Path): Promise<ByteSource | undefined> {
    const key = path.join('/');
    const known = this.#open.get(key);
    if (known) return known;
    const host = this.#files.get(key);
    if (host === undefined) return undefined;
    const file = await openHostFile(host);
    this.#open.set(key, file);
    return file;
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map((file) => file.close()));
  }

  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const entry = await this.entry(from);
    if (entry) yield entry;
  }

  /** A file of the host as it would be on a volume: root's, readable by all. */
  async entry(path: Path): Promise<Entry | undefined> {
    const data = await this.file(path);
    if (!data?.hostPath) return undefined;
    const { mtimeMs, mode } = await stat(data.hostPath);
    const date = hfsDate(mtimeMs / 1000);
    return {
      path,
      kind: 'file',
      bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o100000 | (mode & 0o777), special: 0 },
      dates: { created: date, modified: date, changed: date, accessed: date, backedUp: 0 },
      flags: 0,
      finderInfo: new Uint8Array(32),
      textEncoding: 0,
      data,
      xattrs: [],
    };
  }

  async put(): Promise<void> {
    throw new StepError('The installer itself is never changed.');
  }

  async remove(): Promise<void> {
    throw new StepError('The installer itself is never changed.');
  }
}
