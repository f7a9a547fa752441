import type { ByteSource } from '../bytes.js';
import type { CpioHeader } from '../cpio/index.js';

/** The names of one file. */
export interface LinkGroup<T> {
  readonly id: number;
  /** Bytes of the file; 0 until a name came that says so. */
  size: number;
  /** The data, once a name came that has it. */
  data: ByteSource | undefined;
  /** What a name holds that has a placeholder instead of the data. */
  placeholder: ByteSource | undefined;
  /** No further name can come. */
  whole: boolean;
  /** Names that came before the data. */
  waiting: T[];
  names: number;
}

/** What the other names of a hard-linked file hold, filled up with NULs to its size. Measured on Apple's packages. */
const CANARY = Buffer.from('NULLcanary', 'latin1');

/** Whether these are bytes that stand in for a hard-linked file's data. Reads no further than up to the first that is none. */
export async function isPlaceholder(bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
  let at = 0;
  for await (const part of bytes) {
    for (const byte of part) if (byte !== (CANARY[at++] ?? 0)) return false;
  }
  return at > 0;
}

/** Whether a file of this size is long enough to tell a placeholder from data: that shorter ones are cut off is inferred. */
export function isTellingSize(size: number): boolean {
  return size >= CANARY.length;
}

/** What is the same in all names of a file. */
export function linkKey({ dev, ino, mode, uid, gid, mtime, nlink }: CpioHeader): string {
  return [dev, ino, mode, uid, gid, mtime, nlink].join();
}

/**
 * Finds hard links in a cpio archive: entries with nlink > 1 and the same inode. Apple lists every name at full size; one of them,
 * any, has the data, the others a placeholder (measured). In older forms the others have size 0, or the data, too. Inodes have 18
 * bits in odc and may come round again in a large archive: so a group ends when it has as many names as its link count, and the
 * other numbers must agree too.
 */
export class HardLinks<T> {
  readonly #open = new Map<string, LinkGroup<T>[]>();
  #count = 0;

  /** The group an entry belongs to. Call it once for every regular file with more than one name; set `data` where it has some. */
  join(header: CpioHeader): LinkGroup<T> {
    const { nlink, size } = header;
    const key = linkKey(header);
    const open = this.#open.get(key) ?? [];
    // Two different sizes are two files.
    let group = open.findLast((one) => one.size === size || one.size === 0 || size === 0);
    if (!group) {
      const nothing = { data: undefined, placeholder: undefined, whole: false, waiting: [], names: 0 };
      group = { id: ++this.#count, size, ...nothing };
      open.push(group);
      this.#open.set(key, open);
    }
    if (size > 0) group.size = size;
    group.names++;
    if (group.names === nlink) {
      group.whole = true;
      open.splice(open.indexOf(group), 1);
      if (open.length === 0) this.#open.delete(key);
    }
    return group;
  }
}
