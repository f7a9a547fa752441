/** Where Linux leads from a descriptor of this process to what it is of, without going by a name. */
export const DESCRIPTORS = '/proc/self/fd';

/** The folders that are held now (held-folder.ts): their own paths by what leads to them. */
export const heldPaths = new Map<string, string>();

/** A path as people know it: one that leads through a descriptor with the folder's own path in it. */
export function plainPath(path: string): string {
  if (!path.startsWith(`${DESCRIPTORS}/`)) return path;
  const [, start = '', rest = ''] = /^(\/proc\/self\/fd\/\d+)(.*)$/s.exec(path) ?? [];
  return (heldPaths.get(start) ?? start) + rest;
}
