import type { Leftover, Outcome } from './events.js';
import { type Journal, noJournal, type UndoRecord } from './journal.js';

/** Gives something back; must not mind being called when there is nothing (any more) to give back. */
export type Undo = () => Promise<void> | void;

/** What the scope says beside the title when an undo is owed. */
export interface Owed {
  /** What a person types to do it by hand: "hdiutil detach /dev/disk4 -force". */
  readonly command?: string;
  /** From `announce`: the journal's entry for this undo. */
  readonly entry?: JournalEntry;
}

/** An undo written down in the journal before the thing was taken. */
export interface JournalEntry {
  readonly id: string;
}

/** A registered undo. */
export interface Deferred {
  /**
   * Runs the undo now, once: the recipe's own `detach`. Its error is the step's error, and the undo stays owed, so that
   * unwinding tries it once more.
   */
  spend(): Promise<void>;
}

/** Tells whoever listens how each undo went. */
export type ReportUndo = (title: string, error: unknown) => void;

type When = 'always' | 'failure' | 'last';

interface Item {
  readonly title: string;
  readonly undo: Undo;
  readonly when: When;
  readonly owed: Owed;
  spending: Promise<void> | undefined;
}

/** What a run has taken and must give back. */
export class Scope {
  readonly #journal: Journal;
  readonly #items: Item[] = [];
  readonly #scratch: Item[] = [];
  /** Journal entries of this run that are not crossed out yet. */
  readonly #written = new Set<string>();

  constructor(journal: Journal = noJournal) {
    this.#journal = journal;
  }

  /**
   * Writes down, on disk, what is about to be taken, so that it can be given back even after kill -9. Hand the result to
   * `defer`, `onFailure` or `scratch` once it is taken.
   */
  async announce(record: UndoRecord): Promise<JournalEntry> {
    const id = await this.#journal.append(record);
    this.#written.add(id);
    return { id };
  }

  /** Registers an undo that always runs, last in, first out. Call it in the statement after the taking. */
  defer(title: string, undo: Undo, owed: Owed = {}): Deferred {
    return this.#add(this.#items, { title, undo, when: 'always', owed, spending: undefined });
  }

  /** Registers an undo that runs only after a failure or an interrupt: the half-written file. */
  onFailure(title: string, undo: Undo, owed: Owed = {}): Deferred {
    return this.#add(this.#items, { title, undo, when: 'failure', owed, spending: undefined });
  }

  /** Registers a scratch folder: removed last of all, and only if everything else came undone. */
  scratch(title: string, remove: Undo, owed: Owed = {}): Deferred {
    return this.#add(this.#scratch, { title, undo: remove, when: 'last', owed, spending: undefined });
  }

  /** What is owed right now, newest first: for the second Ctrl-C. */
  pending(): readonly Leftover[] {
    return [...this.#scratch, ...this.#items]
      .reverse()
      .map((item) => leftover(item, 'stopped before it could be undone'));
  }

  /** Undoes what is owed. Never throws and is never cancelled; returns what is left behind. */
  async unwind(outcome: Outcome, report: ReportUndo = () => {}): Promise<Leftover[]> {
    const left: Leftover[] = [];
    for (let item = this.#items.at(-1); item; item = this.#items.at(-1)) {
      if (item.when === 'failure' && outcome === 'done') {
        await this.#crossOut(item);
        continue;
      }
      const reason = await this.#attempt(item, report);
      if (reason !== undefined) left.push(leftover(item, reason));
    }
    for (let item = this.#scratch.at(-1); item; item = this.#scratch.at(-1)) {
      if (left.length > 0) {
        remove(this.#scratch, item);
        left.push(leftover(item, 'kept, because something that is left behind may still need it'));
        continue;
      }
      const reason = await this.#attempt(item, report);
      if (reason !== undefined) left.push(leftover(item, reason));
    }
    // What was announced and never deferred was never taken; the rest is crossed out already.
    if (left.length === 0) for (const id of [...this.#written]) await this.#done(id);
    return left;
  }

  #add(list: Item[], item: Item): Deferred {
    list.push(item);
    return { spend: () => this.#spend(list, item) };
  }

  #spend(list: Item[], item: Item): Promise<void> {
    if (item.spending !== undefined) return item.spending;
    if (!list.includes(item)) return Promise.resolve();
    const run = async () => {
      try {
        await item.undo();
        await this.#crossOut(item);
      } finally {
        item.spending = undefined;
      }
    };
    // Not at once: an undo that throws before its first await must still find `spending` set.
    item.spending = Promise.resolve().then(run);
    return item.spending;
  }

  /** The reason when it failed, undefined when all is well. The item is off the list either way. */
  async #attempt(item: Item, report: ReportUndo): Promise<string | undefined> {
    const list = item.when === 'last' ? this.#scratch : this.#items;
    let failure: unknown;
    let failed = false;
    try {
      await (item.spending ?? item.undo());
      await this.#crossOut(item);
    } catch (error) {
      failure = error ?? new Error('failed without saying why');
      failed = true;
      remove(list, item);
    }
    try {
      report(item.title, failure);
    } catch {
      // A listener that fails must not stop the undoing.
    }
    return failed ? reasonOf(failure) : undefined;
  }

  async #crossOut(item: Item): Promise<void> {
    remove(item.when === 'last' ? this.#scratch : this.#items, item);
    if (item.owed.entry) await this.#done(item.owed.entry.id);
  }

  /** A journal that cannot be written any more does no harm: `clean` copes with things that are gone. */
  async #done(id: string): Promise<void> {
    this.#written.delete(id);
    try {
      await this.#journal.done(id);
    } catch {}
  }
}

function leftover(item: Item, reason: string): Leftover {
  return { title: item.title, command: item.owed.command ?? '', reason };
}

function remove(list: Item[], item: Item): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
