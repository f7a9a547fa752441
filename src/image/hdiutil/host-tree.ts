import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteSource, checkRange, fromBytes } from '../../formats/bytes.js';
import { type Entry, hfsDate, type Path, type Tree } from '../../formats/entry.js';
import { openFile, readExactly } from '../../host/open-file.js';
import { storedName } from './mount-point.js';

/** A folder of the host as a tree to copy from; `prefix` is the path its top is known by. Links are not followed. */
export function hostTree(folder: string, name: string, prefix: Path = []): Tree {
  return {
    name,
    async *walk(from: Path = []) {
      if (!prefix.every((part, i) => i >= from.length || from[i] === part)) return;
      const below = from.slice(prefix.length).map((part) => part.replaceAll('/', ':'));
      yield* walkHost(join(folder, ...below), from.length > prefix.length ? from : prefix);
    },
    close: async () => {},
  };
}

/** Everything at and below a path of the host, parents first, sorted by name. */
export async function* walkHost(host: string, path: Path): AsyncGenerator<Entry> {
  const entry = await hostEntry(host, path);
  if (!entry) return;
  yield entry;
  if (entry.kind !== 'folder') return;
  for (const name of (await readdir(host)).sort()) yield* walkHost(join(host, name), [...path, storedName(name)]);
}

/** One file, folder or link of the host; undefined where there is none. Attributes and forks stay for the host's own tools. */
export async function hostEntry(host: string, path: Path): Promise<Entry | undefined> {
  const stat = await lstat(host).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!stat) return undefined;
  const modified = hfsDate(stat.mtimeMs / 1000);
  const kind = stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'symlink' : stat.isFile() ? 'file' : 'special';
  const data =
    kind === 'symlink'
      ? fromBytes(Buffer.from(await readlink(host)), host)
      : kind === 'file'
        ? lazyFile(host, stat.size)
        : undefined;
  return {
    path,
    kind,
    hostPath: host,
    bsd: {
      uid: stat.uid,
      gid: stat.gid,
      adminFlags: 0,
      ownerFlags: 0,
      mode: stat.mode,
      special: kind === 'special' ? stat.rdev : 0,
    },
    dates: {
      created: hfsDate(stat.birthtimeMs / 1000),
      modified,
      changed: hfsDate(stat.ctimeMs / 1000),
      accessed: hfsDate(stat.atimeMs / 1000),
      backedUp: 0,
    },
    flags: 0,
    finderInfo: new Uint8Array(32),
    textEncoding: 0,
    xattrs: [],
    ...(data && { data }),
  };
}

/** A file that is open only while it is read: a tree has thousands, and an open one keeps its volume busy. */
function lazyFile(path: string, size: number): ByteSource {
  const source: ByteSource = {
    name: path,
    size,
    hostPath: path,
    async read(offset, length) {
      checkRange(source, offset, length);
      const { handle } = await openFile(path, { noLink: true });
      try {
        return await readExactly(handle, { path }, offset, length);
      } finally {
        await handle.close();
      }
    },
  };
  return source;
}
