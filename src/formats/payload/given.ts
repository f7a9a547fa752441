import type { Draft } from './draft.js';

/** Most files that are remembered: an AppleDouble stands right behind its file, in all payloads seen. */
const MAX_FILES = 10_000;

/** What a walk has given out, by key: all folders, and of other things the last ones, should more of them come late. */
export class Given {
  readonly #folders = new Map<string, Draft>();
  readonly #files = new Map<string, Draft>();

  add(draft: Draft): void {
    if (draft.kind === 'folder') {
      this.#folders.set(draft.key, draft);
      return;
    }
    this.#files.set(draft.key, draft);
    if (this.#files.size <= MAX_FILES) return;
    for (const oldest of this.#files.keys()) {
      this.#files.delete(oldest);
      break;
    }
  }

  get(key: string): Draft | undefined {
    return this.#folders.get(key) ?? this.#files.get(key);
  }

  /** Whether it is this very draft that was given. */
  has(draft: Draft): boolean {
    return this.get(draft.key) === draft;
  }

  /** The depths, rising, of the folders above a draft down from `top` that were not given. Looks up to the first that was. */
  missingAbove({ key, path }: Draft, top: number): number[] {
    const depths: number[] = [];
    let end = key.length;
    for (let depth = path.length - 1; depth >= top; depth--) {
      end = depth === 0 ? 0 : key.lastIndexOf('/', end - 1);
      if (this.#folders.has(key.slice(0, end))) break;
      depths.push(depth);
    }
    return depths.reverse();
  }
}
