import { FormatError } from '../errors.js';
import type { ByteSource } from './bytes.js';
import type { Entry, Path, Tree } from './entry.js';
import { finished, impliedFolder } from './payload/draft.js';
import { openPayload, type Payload } from './payload/form.js';
import { type WalkOptions, walkPayload } from './payload/walk.js';
import type { PbzxOptions } from './pbzx.js';
import { openXar, type XarArchive } from './xar/index.js';

export interface PackageOptions extends PbzxOptions, WalkOptions {
  /** Which component of a product archive, by its folder's name ("Essentials.pkg"). Default: all, each in a folder so named. */
  readonly component?: string;
}

const PAYLOAD = 'Payload';

/**
 * Opens a flat package as the tree its payload holds; nothing is extracted. A component package has one payload, whose root is
 * the tree's root; of a product archive choose a component, or get all below folders of their names. FormatError when the file
 * is no flat package.
 */
export async function openPackage(source: ByteSource, options: PackageOptions = {}): Promise<PackageTree> {
  const archive = await openXar(source);
  const found = archive.members.filter(
    ({ type, path }) => type === 'file' && (path === PAYLOAD || /^[^/]+\/Payload$/.test(path)),
  );
  const names = found.map(({ path }) => path.slice(0, -PAYLOAD.length - 1));
  const chosen = options.component === undefined ? found : found.filter((_, i) => names[i] === options.component);
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
  const payloads = new Map<string, Payload>();
  for (const { path } of chosen) {
    const payload = await openPayload(archive.member(path), () => archive.stream(path), options);
    payloads.set(path.slice(0, -PAYLOAD.length - 1), payload);
  }
  return new PackageTree(archive, payloads, names, options);
}

/** A flat package to copy from. Data of an entry stays readable until close(). */
export class PackageTree implements Tree {
  readonly name: string;
  /** The component folders of a product archive; [''] of a component package. */
  readonly components: readonly string[];
  readonly #archive: XarArchive;
  readonly #payloads: ReadonlyMap<string, Payload>;
  readonly #options: WalkOptions;

  constructor(
    archive: XarArchive,
    payloads: ReadonlyMap<string, Payload>,
    components: readonly string[],
    options: WalkOptions,
  ) {
    this.name = archive.name;
    this.components = components;
    this.#archive = archive;
    this.#payloads = payloads;
    this.#options = options;
  }

  /** How the payloads are stored. */
  get forms(): readonly Payload['form'][] {
    return [...this.#payloads.values()].map((payload) => payload.form);
  }

  /** Everything at and below `from`, parents first; names that are hard links come when their data is known. */
  async *walk(from: Path = []): AsyncGenerator<Entry> {
    const [only] = this.#payloads.values();
    if (this.#payloads.size === 1) {
      yield* walkPayload(only!, from, this.#options);
      return;
    }
    if (from.length === 0) yield finished(impliedFolder([]));
    let links = 0;
    for (const [component, payload] of this.#payloads) {
      if (from.length > 0 && from[0] !== component) continue;
      const base = links;
      for await (const entry of walkPayload(payload, from.slice(1), this.#options)) {
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

  /** Reads the payloads whole for the archive's checksums. FormatError when one is wrong. */
  async verify(): Promise<void> {
    for (const component of this.#payloads.keys()) {
      await this.#archive.verifyMember(component === '' ? PAYLOAD : `${component}/${PAYLOAD}`);
    }
  }

  async close(): Promise<void> {
    for (const payload of this.#payloads.values()) await payload.close();
  }
}
