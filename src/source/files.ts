import { StepError } from '../errors.js';
import { type ByteSource, type HostFile, openHostFile } from '../formats/bytes.js';
import type { Entry, Path, Volume } from '../image/types.js';

/**
 * The files of an installer under the paths recipes know them by, whatever was given: `app:` in a recipe. Files are opened when
 * they are asked for and stay open until `close`, because what is read from them is read late.
 */
export class InstallerFiles implements Volume {
  readonly #open = new Map<string, HostFile>();

  constructor(
    readonly name: string,
    /** Path in the app ("Contents/SharedSupport/InstallESD.dmg") → path on the host. */
    readonly files: ReadonlyMap<string, string>,
  ) {}

  async file(path: Path): Promise<ByteSource | undefined> {
    const key = path.join('/');
    const known = this.#open.get(key);
    if (known) return known;
    const host = this.files.get(key);
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

  async *walk(): AsyncGenerator<Entry> {}

  async entry(): Promise<Entry | undefined> {
    return undefined;
  }

  async put(): Promise<void> {
    throw new StepError('The installer itself is never changed.');
  }

  async remove(): Promise<void> {
    throw new StepError('The installer itself is never changed.');
  }
}
