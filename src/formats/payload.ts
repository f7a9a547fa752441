import { FormatError } from '../errors.js';
import { listedInBom, MAX_BOM } from './bom.js';
import type { ByteSource } from './bytes.js';
import type { Entry, Path, Tree } from './entry.js';
import { finished, impliedFolder } from './payload/draft.js';
import { openPayload, type Payload } from './payload/form.js';
import { walkPayload } from './payload/walk.js';
import type { PbzxOptions } from './pbzx.js';
import { openXar, type XarArchive } from './xar/index.js';

export interface PackageOptions extends PbzxOptions {
  /** Which component of a product archive, by its folder's name ("Essentials.pkg"). Default: all, each in a folder so named. */
  readonly component?: string;
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
  return new PackageTree(archive, payloads, names);
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

  constructor(archive: XarArchive, payloads: ReadonlyMap<string, Payload | undefined>, components: readonly string[]) {
    this.name = archive.name;
    this.components = components;
    this.#archive = archive;
    this.#payloads = payloads;
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
    if (payload) yield* walkPayload(payload, from, { listed: await this.#listed(component, from) });
    else if (from.length === 0) yield finished(impliedFolder([]));
  }

  /** What the Bom lists at and below a path; undefined where no Bom can be read, which is no fault of the payload. */
  async #listed(component: string, from: Path): Promise<ReadonlySet<string> | undefined> {
    const path = memberOf(component, 'Bom');
    const member = this.#archive.find(path);
    if (from.length === 0 || !member || member.type !== 'file' || member.size > MAX_BOM) return undefined;
    try {
      const parts: Uint8Array[] = [];
      for await (const part of this.#archive.stream(path)) parts.push(part);
      const names = from.map((name) => name.replaceAll('/', ':'));
      return listedInBom(Buffer.concat(parts), names, `${this.name}: ${path}`);
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  /** Reads the payloads whole, of those that have to do with `below`, for the archive's checksums. FormatError when one is wrong. */
  async verify(options: { readonly below?: Path; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { below = [], signal } = options;
    for (const [component, payload] of this.#payloads) {
      const elsewhere = this.#payloads.size > 1 && below.length > 0 && below[0] !== component;
      if (payload && !elsewhere) await this.#archive.verifyMember(memberOf(component, PAYLOAD), signal);
    }
  }

  async close(): Promise<void> {
    for (const payload of this.#payloads.values()) await payload?.close();
  }
}
