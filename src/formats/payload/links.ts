import type { ByteSource } from '../bytes.js';
import type { CpioHeader } from '../cpio/index.js';

/** The names of one file. */
export interface LinkGroup<T> {
  readonly id: number;
  /** The data, once a name came that has it. */
  data: ByteSource | undefined;
  /** No further name can come. */
  whole: boolean;
  /** Names that came before the data. */
  waiting: T[];
  names: number;
}

/**
 * Finds hard links in a cpio archive: entries with nlink > 1 and the same inode. The data is at the last name or at each.
 * Inodes have 18 bits in odc and may come round again in a large archive: so a group ends when it has as many names as its link
 * count, and the other numbers must agree too.
 */
export class HardLinks<T> {
  readonly #open = new Map<string, LinkGroup<T>>();
  #count = 0;

  /** The group an entry belongs to. Call it once for every regular file with more than one name; set `data` where it has some. */
  join(header: CpioHeader): LinkGroup<T> {
    const { dev, ino, mode, uid, gid, mtime, nlink, size } = header;
    const key = [dev, ino, mode, uid, gid, mtime, nlink].join();
    let group = this.#open.get(key);
    // Two different sizes are two files.
    if (group?.data && size > 0 && group.data.size !== size) group = undefined;
    if (!group) {
      group = { id: ++this.#count, data: undefined, whole: false, waiting: [], names: 0 };
      this.#open.set(key, group);
    }
    group.names++;
    if (group.names === nlink) {
      group.whole = true;
      this.#open.delete(key);
    }
    return group;
  }

  /** Groups some of whose names still wait for data. */
  unfinished(): LinkGroup<T>[] {
    return [...this.#open.values()].filter((group) => group.waiting.length > 0);
  }
}
