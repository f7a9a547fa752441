import { parsePath } from '../core/names.js';
import { SourceError } from '../errors.js';
import type { Entry, Path, Tree } from '../image/types.js';

/** A package that may have what is wanted. */
export interface Candidate {
  /** `esd:/Packages/Essentials.pkg` */
  readonly place: string;
  open(): Promise<PackageSource>;
}

/** A package that is open, and what of it is proved as far as it was read. */
export interface PackageSource extends Tree {
  proof?(): string;
}

/** Most entries of one package that are held back until the wanted file comes: more are gone through twice. */
const MOST_HELD = 10_000;

/**
 * The first of several packages that has a certain file, as a tree. Going through a payload may take minutes, so it is not looked
 * into beforehand: entries are held back until the file comes, and are forgotten when it does not. A package counts as one without
 * it when it was read to its end.
 */
export class FirstThatHas implements Tree {
  readonly name: string;
  /** The package that had it, once it was found. */
  takenFrom: string | undefined;
  readonly #wanted: Path;
  readonly #open = new Map<Candidate, PackageSource>();
  #current: PackageSource | undefined;

  constructor(
    readonly what: string,
    readonly wants: string,
    readonly candidates: readonly Candidate[],
  ) {
    this.name = candidates.map(({ place }) => place).join(' or ');
    this.#wanted = parsePath(wants);
  }

  async openFirst(): Promise<void> {
    await this.#opened(this.candidates[0]!);
  }

  /** SourceError that names all packages when none has the file. */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    for (const candidate of this.candidates) {
      const tree = await this.#opened(candidate);
      this.#current = tree;
      let held: Entry[] = [];
      let entries = 0;
      let found = false;
      for await (const entry of tree.walk(from)) {
        if (found) {
          yield entry;
          continue;
        }
        if (++entries <= MOST_HELD) held.push(entry);
        found = this.#isWanted(entry);
        if (!found) continue;
        this.takenFrom = candidate.place;
        if (entries > MOST_HELD) break;
        yield* held;
        held = [];
      }
      if (found && entries > MOST_HELD) yield* tree.walk(from);
      if (found) return;
    }
    throw new SourceError(
      `expected a ${this.what}, found nothing at ${this.wants} in ${this.name}, which were gone through to their ends.`,
      { hint: `Give the ${this.what} of this very release with --${this.what} FILE.` },
    );
  }

  /** What is proved of what was taken. */
  get proof(): string {
    return this.#current?.proof?.() ?? 'read in part, not proved';
  }

  progress(): { readonly done: number; readonly total?: number } {
    return this.#current?.progress?.() ?? { done: 0, total: 1 };
  }

  async close(): Promise<void> {
    const trees = [...this.#open.values()];
    this.#open.clear();
    for (const tree of trees) await tree.close();
  }

  #isWanted({ kind, path }: Entry): boolean {
    return kind === 'file' && path.length === this.#wanted.length && path.every((name, i) => name === this.#wanted[i]);
  }

  async #opened(candidate: Candidate): Promise<PackageSource> {
    const known = this.#open.get(candidate);
    if (known) return known;
    const tree = await candidate.open();
    this.#open.set(candidate, tree);
    return tree;
  }
}
