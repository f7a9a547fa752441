import { FormatError } from '../errors.js';
import { type Bom, MAX_BOM, readBom } from './bom.js';
import type { ByteSource } from './bytes.js';
import type { Entry, Path, Tree } from './entry.js';
import type { Payload } from './payload/coded.js';
import { finished, impliedFolder } from './payload/draft.js';
import { openPayload } from './payload/form.js';
import { type Searched, searchPayload } from './payload/search/index.js';
import { walkFound, walkPayload } from './payload/walk.js';
import type { PbzxOptions } from './pbzx/index.js';
import { openXar, type XarArchive } from './xar/index.js';

export interface PackageOptions extends PbzxOptions {
  /** Which component of a product archive, by its folder's name ("Essentials.pkg"). Default: all, each in a folder so named. */
  readonly component?: string;
  /** Hears why a payload had to be read from its start. */
  readonly note?: (text: string) => void;
}

const PAYLOAD = 'Payload';
/** What a component has beside its payload, or without one. */
const SIGNS = new Set([PAYLOAD, 'Bom', 'PackageInfo']);

/**
 * Opens a flat package as the tree its payload holds; nothing is extracted. A component package has one payload, whose root is
 * the tree's root; of a product archive choose a component, or get all below folders of their names. A component without a
 * payload is an empty folder: 10.7's BaseSystemResources.pkg has a Bom alone (measured). FormatError when the file is no flat
 * package.
 */
export async function openPackage(source: ByteSource, options: PackageOptions = {}): Promise<PackageTree> {
  const archive = await openXar(source);
  const names = componentsOf(archive);
  const chosen = options.component === undefined ? names : names.filter((name) => name === options.component);
  if (chosen.length === 0) {
    throw new FormatError({
      file: source.name,
      structure: 'flat package',
      offset: 0,
      expected: options.component === undefined ? 'a member "Payload"' : `a component ${options.component}`,
      found:
        names.length > 0
          ? names.join(', ')
          : archive.members
              .map(({ path }) => path)
              .slice(0, 8)
              .join(', ') || 'nothing',
    });
  }
  const payloads = new Map<string, Payload | undefined>();
  for (const name of chosen) {
    const path = memberOf(name, PAYLOAD);
    const payload = archive.find(path)
      ? await openPayload(archive.member(path), () => archive.stream(path), options)
      : undefined;
    payloads.set(name, payload);
  }
  return new PackageTree(archive, payloads, names, options.note);
}

/** The folders of components, in the archive's order; [''] of a component package. */
function componentsOf(archive: XarArchive): string[] {
  const names = new Set<string>();
  for (const { type, path } of archive.members) {
    const parts = path.split('/');
    if (type === 'file' && parts.length <= 2 && SIGNS.has(parts.at(-1)!)) names.add(parts.slice(0, -1).join('/'));
  }
  return [...names];
}

function memberOf(component: string, name: string): string {
  return component === '' ? name : `${component}/${name}`;
}

/** A flat package to copy from. Data of an entry stays readable until close(). */
export class PackageTree implements Tree {
  readonly name: string;
  /** The component folders of a product archive; [''] of a component package. */
  readonly components: readonly string[];
  readonly #archive: XarArchive;
  readonly #payloads: ReadonlyMap<string, Payload | undefined>;
  readonly #note: ((text: string) => void) | undefined;
  readonly #boms = new Map<string, Promise<Bom | undefined>>();
  /** What was searched for last: who looks at a path and then takes it need not search twice. */
  #last: { readonly component: string; readonly from: Path; readonly searched: Searched | undefined } | undefined;

  constructor(
    archive: XarArchive,
    payloads: ReadonlyMap<string, Payload | undefined>,
    components: readonly string[],
    note?: (text: string) => void,
  ) {
    this.name = archive.name;
    this.components = components;
    this.#archive = archive;
    this.#payloads = payloads;
    this.#note = note;
  }

  /** Whether all that the last walk gave was compared with the checksums in the Bom. */
  get compared(): boolean {
    const searched = this.#last?.searched;
    return searched !== undefined && 'entries' in searched && searched.compared;
  }

  /** How the payloads are stored. */
  get forms(): readonly Payload['form'][] {
    return [...this.#payloads.values()].flatMap((payload) => payload?.form ?? []);
  }

  /**
   * Everything at and below `from`, parents first; names that are hard links come when their data is known. What the Bom lists
   * below `from` says when all of it has come; without a Bom the payload is gone through to its end.
   */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const [only] = this.#payloads.keys();
    if (this.#payloads.size === 1) {
      yield* this.#walkComponent(only!, from);
      return;
    }
    if (from.length === 0) yield finished(impliedFolder([]));
    let links = 0;
    for (const component of this.#payloads.keys()) {
      if (from.length > 0 && from[0] !== component) continue;
      const base = links;
      for await (const entry of this.#walkComponent(component, from.slice(1))) {
        const path = [component, ...entry.path];
        if (entry.link === undefined) yield { ...entry, path };
        else {
          // Numbers of one payload mean nothing in the next.
          links = Math.max(links, base + entry.link);
          yield { ...entry, path, link: base + entry.link };
        }
      }
    }
  }

  async *#walkComponent(component: string, from: Path): AsyncGenerator<Entry> {
    const payload = this.#payloads.get(component);
    // Nothing is searched for, so nothing was compared: see `compared`.
    if (!payload || from.length === 0) this.#last = undefined;
    if (!payload) {
      if (from.length === 0) yield finished(impliedFolder([]));
      return;
    }
    const searched = await this.#search(component, payload, from);
    if (searched && 'entries' in searched) {
      yield* walkFound(searched, from);
      return;
    }
    if (searched?.damage) await this.#archive.verifyMember(memberOf(component, PAYLOAD));
    if (searched) this.#note?.(`${this.name} is read from its start: ${searched.missed}`);
    const listed = from.length === 0 ? undefined : (await this.#bom(component))?.below(posix(from));
    yield* walkPayload(payload, from, { listed: listed && new Set(listed.keys()) });
  }

  async #search(component: string, payload: Payload, from: Path): Promise<Searched | undefined> {
    if (from.length === 0) return undefined;
    const last = this.#last;
    if (last?.component === component && posix(last.from).join('/') === posix(from).join('/')) return last.searched;
    this.#last = undefined;
    const searched = await searchPayload(payload, from, await this.#bom(component));
    this.#last = { component, from, searched };
    return searched;
  }

  /** What is listed; undefined where no Bom can be read, which is no fault of the payload. */
  #bom(component: string): Promise<Bom | undefined> {
    const known = this.#boms.get(component) ?? this.#readBom(memberOf(component, 'Bom'));
    this.#boms.set(component, known);
    return known;
  }

  async #readBom(path: string): Promise<Bom | undefined> {
    const member = this.#archive.find(path);
    if (member?.type !== 'file' || member.size > MAX_BOM) return undefined;
    try {
      const parts: Uint8Array[] = [];
      for await (const part of this.#archive.stream(path)) parts.push(part);
      return readBom(Buffer.concat(parts), `${this.name}: ${path}`);
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  /**
   * Makes sure that what is at and below a path is what it was: by the checksums in the Bom, where it was found and kept in memory, else
   * by those of the payloads that have to do with it, which are read whole. FormatError when one is wrong.
   */
  async verify(options: { readonly below?: Path; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { below = [], signal } = options;
    for (const [component, payload] of this.#payloads) {
      const elsewhere = this.#payloads.size > 1 && below.length > 0 && below[0] !== component;
      if (!payload || elsewhere) continue;
      const searched = await this.#search(component, payload, this.#payloads.size > 1 ? below.slice(1) : below);
      if (searched && 'entries' in searched && searched.compared) continue;
      await this.#archive.verifyMember(memberOf(component, PAYLOAD), signal);
    }
  }

  async close(): Promise<void> {
    this.#last = undefined;
    this.#boms.clear();
    for (const payload of this.#payloads.values()) await payload?.close();
  }
}

/** A stored path as archives have it. */
function posix(path: Path): readonly string[] {
  return path.map((name) => name.replaceAll('/', ':'));
}
