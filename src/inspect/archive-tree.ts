import type { Entry, Path, Tree } from '../formats/entry.js';
import { rootEntry } from '../formats/root-entry.js';
import type { XarArchive } from '../formats/xar/index.js';

/** Archives in packages say nothing of dates that anybody needs. */
const UNDATED = { created: 0, modified: 0 };

/** The members of an archive as a tree: of a package that has no payload, such as InstallMacOSX.pkg, they are what is in it. */
export class ArchiveTree implements Tree {
  readonly name: string;
  readonly #archive: XarArchive;

  constructor(archive: XarArchive) {
    this.name = archive.name;
    this.#archive = archive;
  }

  async *walk(from: Path = []): AsyncGenerator<Entry> {
    if (from.length === 0) yield rootEntry([], 'folder', UNDATED);
    for (const { path, type } of this.#archive.members) {
      const parts = path.split('/');
      if (parts.length < from.length || !from.every((name, i) => name === parts[i])) continue;
      if (type === 'directory') yield rootEntry(parts, 'folder', UNDATED);
      else if (type === 'file') yield rootEntry(parts, 'file', UNDATED, this.#archive.provedMember(path));
    }
  }

  async close(): Promise<void> {}
}
