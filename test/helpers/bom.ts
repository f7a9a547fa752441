import { type BomPath, bomOf } from '../../scripts/installer/bom.js';

const FOLDER = 2;
const NOTHING = { type: FOLDER, mode: 0, uid: 0, gid: 0, modified: 0, size: 0, checksum: 0, target: '' };

/** A Bom that lists these paths (POSIX, "" the root, parents before what is in them), of which a reader wants no more than the names. */
export function bomOfNames(paths: readonly string[], inNode?: number): Uint8Array {
  const ids = new Map(paths.map((path, i) => [path, i + 1]));
  const listed = paths.map((path, i): BomPath => {
    const slash = path.lastIndexOf('/');
    const parent = path === '' ? 0 : ids.get(path.slice(0, Math.max(slash, 0)))!;
    return { ...NOTHING, id: i + 1, parent, name: path === '' ? '.' : path.slice(slash + 1) };
  });
  return bomOf(listed, inNode);
}
