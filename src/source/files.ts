import { StepError } from '../errors.js';
import type { ByteSource, HostFile } from '../formats/bytes.js';
import type { Entry, Path, Volume } from '../image/types.js';

/**
 * The files of an installer under the paths recipes know them by, whatever was given: `app:` in a recipe. They stay open until
 * `close`, because what is read from them is read late.
 */
export class InstallerFiles implements Volume {
  readonly #files = new Map<string, ByteSource>();
  readonly #open: HostFile[] = [];

  constructor(readonly name: string) {}

  /** A file under the path of an app ("Contents/SharedSupport/InstallESD.dmg"). */
  add(path: string, source: ByteSource): void {
    this.#files.set(path, source);
  }

  /** A host file that `close` closes. */
  hold(file: HostFile): HostFile {
    this.#open.push(file);
    return file;
  }

  async file(path: Path): Promise<ByteSource | undefined> {
    return this.#files.get(path.join('/'));
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((file) => file.close()));
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
