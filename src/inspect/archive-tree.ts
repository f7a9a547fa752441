import type { ByteSource } from '../formats/bytes.js';
import type { Entry, Path, Tree } from '../formats/entry.js';
import type { XarArchive } from '../formats/xar/index.js';

/** The members of an archive as a tree: of a package that has no payload, such as InstallMacOSX.pkg, they are what is in it. */
export class ArchiveTree implements Tree {
  readonly name: string;
  readonly #archive: XarArchive;

  constructor(archive: XarArchive) {
    this.name = archive.name;
    this.#archive = archive;
  }

  async *walk(from: Path = []): AsyncGenerator<Entry> {
    if (from.length === 0) yield entryOf([], undefined);
    for (const { path, type } of this.#archive.members) {
      const parts = path.split('/');
      if (parts.length < from.length || !from.every((name, i) => name === parts[i])) continue;
      if (type === 'directory') yield entryOf(parts, undefined);
      else if (type === 'file') yield entryOf(parts, this.#archive.provedMember(path));
    }
  }

  async close(): Promise<void> {}
}

/** Archives in packages say nothing of owners and dates that anybody needs. */
function entryOf(path: Path, data: ByteSource | undefined): Entry {
  const bsd = { uid: 0, gid: 0, adminFlags: 0, ownerFlags: 0, mode: data ? 0o100644 : 0o40755, special: 0 };
  return {
    path,
    kind: data ? 'file' : 'folder',
    bsd,
    dates: { created: 0, modified: 0, changed: 0, accessed: 0, backedUp: 0 },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(data && { data }),
  };
}
