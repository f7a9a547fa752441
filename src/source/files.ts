import { StepError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { closeAll } from '../host/close-all.js';
import type { Entry, Path, Volume } from '../image/types.js';

interface Closable {
  close(): Promise<void>;
}

/**
 * The files of an installer under the paths recipes know them by, whatever was given: `app:` in a recipe. They stay open until
 * `close`, because what is read from them is read late.
 */
export class InstallerFiles implements Volume {
  readonly #files = new Map<string, ByteSource>();
  readonly #open: Closable[] = [];

  /** When the system inside was made, as HFS+ stores it: what files that come from outside a volume are dated. */
  date = 0;

  constructor(readonly name: string) {}

  /** A file under the path of an app ("Contents/SharedSupport/InstallESD.dmg"). */
  add(path: string, source: ByteSource): void {
    this.#files.set(path, source);
  }

  /** A file that `close` closes. */
  hold<T extends Closable>(file: T): T {
    this.#open.push(file);
    return file;
  }

  async file(path: Path): Promise<ByteSource | undefined> {
    return this.#files.get(path.join('/'));
  }

  async close(): Promise<void> {
    // In order: what was held last may be what the others write into.
    await closeAll(this.#open.splice(0));
  }

  /** The file at `from`; there is nothing to be had above it. */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const entry = await this.entry(from);
    if (entry) yield entry;
  }

  /** As a file of root's, dated like the system: a host's owner and dates mean nothing on the medium. */
  async entry(path: Path): Promise<Entry | undefined> {
    const data = await this.file(path);
    if (!data) return undefined;
    const { date } = this;
    return {
      path,
      kind: 'file',
      bsd: { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: 0o100644, special: 0 },
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
