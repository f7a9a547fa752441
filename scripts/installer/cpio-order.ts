import type { Path } from '../../src/formats/entry.js';
import { compareCaseInsensitive } from '../../src/formats/hfsplus/names.js';

/** One member of an archive: an entry, or its AppleDouble (`._name` beside `name`). */
export interface Member<T> {
  readonly entry: T;
  readonly double: boolean;
}

/**
 * The order of a real payload (real-media.md section 5): depth first, each folder before what is in it, siblings in the order of an
 * HFS+ catalog without case. AppleDoubles stand behind what they belong to: a folder's behind the folder's whole content.
 */
export function cpioOrder<T extends { readonly path: Path }>(
  entries: readonly T[],
  hasDouble: (entry: T) => boolean,
): Member<T>[] {
  const children = new Map<string, T[]>();
  for (const entry of entries) {
    const parent = entry.path.slice(0, -1).join('\0');
    const siblings = children.get(parent);
    if (siblings) siblings.push(entry);
    else children.set(parent, [entry]);
  }
  const members: Member<T>[] = [];
  const descend = (parent: string) => {
    const siblings = children.get(parent) ?? [];
    siblings.sort((a, b) => compareCaseInsensitive(a.path.at(-1) ?? '', b.path.at(-1) ?? ''));
    for (const entry of siblings) {
      members.push({ entry, double: false });
      descend(entry.path.join('\0'));
      if (hasDouble(entry)) members.push({ entry, double: true });
    }
  };
  descend('');
  return members;
}
