/** Most entries we read. A whole OS X has some 300,000. */
export const MAX_ENTRIES = 1_000_000;
/** All names together, bytes: they are kept to find doubles. */
export const MAX_NAMES = 128 * 1024 * 1024;
/**
 * What all folders that are not listed may take up in the memory of whoever gives them out, bytes: their own, those of their keys, and
 * so many for each part of their paths. An entry has up to 2047 of them above it.
 */
const MAX_IMPLIED = 128 * 1024 * 1024;
const IMPLIED = 300;
const IMPLIED_PART = 8;

/** Why an entry cannot be. */
interface Refusal {
  readonly expected: string;
  readonly found: string;
}

/** The paths of an archive, as far as its entries have come. */
export class Paths {
  /** Every path, and whether it is a folder. */
  readonly #seen = new Map<string, boolean>();
  /** Folders that something was in, and which have not come. */
  readonly #implied = new Set<string>();
  #names = 0;
  #impliedBytes = 0;

  get count(): number {
    return this.#seen.size;
  }

  /** Takes the path of the next entry; or says why it is none. */
  add(path: readonly string[], key: string, isFolder: boolean): Refusal | undefined {
    if (this.#seen.has(key)) return { expected: 'each name once', found: `${shown(key)} again` };
    this.#names += key.length;
    if (this.#seen.size === MAX_ENTRIES || this.#names > MAX_NAMES)
      return { expected: `at most ${MAX_ENTRIES} entries and ${MAX_NAMES} bytes of names`, found: 'more' };
    if (!isFolder && this.#implied.has(key))
      return { expected: 'a folder, as there was something in it', found: `${shown(key)}, which is none` };
    this.#seen.set(key, isFolder);
    return this.#above(path, key);
  }

  /** Looks at the folders above, up to the first that is known: those above it were looked at when it came. */
  #above(path: readonly string[], key: string): Refusal | undefined {
    let end = key.length;
    for (let depth = path.length - 1; depth >= 0; depth--) {
      end = depth === 0 ? 0 : key.lastIndexOf('/', end - 1);
      const above = key.slice(0, end);
      const known = this.#seen.get(above);
      if (known === false) return { expected: 'a parent that is a folder', found: shown(key) };
      if (known || this.#implied.has(above)) return undefined;
      this.#implied.add(above);
      this.#impliedBytes += IMPLIED + above.length + IMPLIED_PART * depth;
      if (this.#impliedBytes > MAX_IMPLIED)
        return { expected: 'folders that are listed', found: 'too many that are not' };
    }
    return undefined;
  }
}

const shown = (key: string) => JSON.stringify(key.slice(0, 200));
