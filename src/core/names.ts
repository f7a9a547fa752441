import { StepError, UsageError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import type { Image, Path, Tree, Volume } from '../image/types.js';
import type { Deferred } from './scope.js';

/** Where something is, by the names of a recipe: `esd:/Packages` is `{ name: 'esd', path: ['Packages'] }`. */
export interface Place {
  readonly name: string;
  /** As stored in HFS+. */
  readonly path: Path;
}

const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;

/**
 * Reads `esd:/Packages`, `out:` or a name alone. The first `:` ends the name; a later one is part of a file's name and is stored
 * as `/`, as POSIX and HFS+ have it. UsageError for `..`, `.`, empty parts and NUL.
 */
export function parsePlace(text: string): Place {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!NAME.test(name)) throw badPlace(text, 'a name of letters, digits and hyphens before the first ":"');
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  if (rest === '' || rest === '/') return { name, path: [] };
  if (!rest.startsWith('/')) throw badPlace(text, '"/" after the ":"');
  return { name, path: parsePath(rest, text) };
}

/** Reads a POSIX path, absolute or not, as a path stored in HFS+. UsageError as for `parsePlace`. */
export function parsePath(posix: string, shown = posix): Path {
  const parts = posix.replace(/^\//, '').split('/');
  if (parts.length === 1 && parts[0] === '') return [];
  for (const part of parts) {
    if (part === '') throw badPlace(shown, 'no empty part between two "/" or at the end');
    if (part === '.' || part === '..') throw badPlace(shown, `no "${part}": a place is written in full`);
    if (part.includes('\0')) throw badPlace(shown, 'no NUL character');
  }
  return parts.map((part) => part.replaceAll(':', '/'));
}

/** The text `parsePlace` reads. */
export function showPlace({ name, path }: Place): string {
  return `${name}:${path.length === 0 ? '' : `/${path.map((part) => part.replaceAll('/', ':')).join('/')}`}`;
}

function badPlace(text: string, expected: string): UsageError {
  return new UsageError(`"${text.replaceAll('\0', '␀')}" is not a place: expected ${expected}.`);
}

/** What one name stands for: all of it that is known so far. */
export interface Holding {
  readonly image?: Image;
  /** Attached; a volume is a tree too. */
  readonly volume?: Volume;
  readonly tree?: Tree;
  readonly source?: ByteSource;
  /** The path of the finished file, or of what was given. */
  readonly hostPath?: string;
  /** What `detach` spends. */
  readonly undo?: Deferred;
}

/** The things a run has made so far, by name. */
export class Names {
  readonly #held = new Map<string, Holding>();

  constructor(given: Readonly<Record<string, Holding>> = {}) {
    for (const [name, holding] of Object.entries(given)) this.bind(name, holding);
  }

  /** Gives a new name to something; each name is given once. */
  bind(name: string, holding: Holding): void {
    if (!NAME.test(name)) throw badPlace(name, 'a name of letters, digits and hyphens');
    if (this.#held.has(name)) throw new StepError(`"${name}" already stands for something else.`);
    this.#held.set(name, { ...holding });
  }

  /** Adds to what a name stands for: attaching gives an image its volume. */
  amend(name: string, more: Holding): void {
    const holding = this.get(name);
    for (const key of Object.keys(more) as (keyof Holding)[]) {
      if (holding[key] !== undefined) throw new StepError(`"${name}" has its ${WORDS[key]} already.`);
    }
    this.#held.set(name, { ...holding, ...more });
  }

  /** Puts an image in the place of a name's image: `resize` and `convert` may make a new one. */
  replaceImage(name: string, image: Image): void {
    this.#held.set(name, { ...this.get(name), image });
  }

  /** Forgets what is attached under a name and gives it back now: the recipe's `detach`. The image stays known. */
  async release(name: string): Promise<void> {
    const { volume, tree, source, undo, ...kept } = this.get(name);
    if (!undo) throw new StepError(`"${name}" is not attached, so it cannot be detached.`);
    await undo.spend();
    this.#held.set(name, kept);
  }

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /** Everything a name stands for. StepError, with the names there are, where there is no such name. */
  get(name: string): Holding {
    const holding = this.#held.get(name);
    if (holding) return holding;
    const known = [...this.#held.keys()].sort().join(', ');
    throw new StepError(`Nothing is called "${name}" here. Known: ${known || 'nothing yet'}.`);
  }

  image(name: string): Image {
    return this.#need(name, 'image');
  }

  /** A volume that can be written to, if it was attached so. */
  volume(name: string): Volume {
    return this.#need(name, 'volume');
  }

  /** Anything one can copy from: a tree, or else the volume. */
  tree(name: string): Tree {
    const holding = this.get(name);
    return holding.tree ?? holding.volume ?? this.#need(name, 'tree');
  }

  hostPath(name: string): string {
    return this.#need(name, 'hostPath');
  }

  #need<K extends keyof Holding>(name: string, key: K): NonNullable<Holding[K]> {
    const value = this.get(name)[key];
    if (value !== undefined && value !== null) return value as NonNullable<Holding[K]>;
    throw new StepError(
      `"${name}" has no ${WORDS[key]}${key === 'volume' || key === 'tree' ? ': is it attached?' : '.'}`,
    );
  }
}

const WORDS: Readonly<Record<keyof Holding, string>> = {
  image: 'image',
  volume: 'volume',
  tree: 'tree of files',
  source: 'data',
  hostPath: 'file on this computer',
  undo: 'way to be detached',
};
