import { StepError } from '../../../errors.js';
import type { BTree } from '../btree.js';
import { type CatalogKey, catalogKeyOrder } from '../catalog-key.js';
import { type CatalogRecord, decodeCatalogRecord } from '../catalog-record.js';
import type { Compare } from '../names.js';
import { MAX_BLOCKS as MAX_U32 } from './bitmap.js';
import type { Item } from './item.js';
import { foldedName } from './names-map.js';

/** A name of the base volume that is gone or means something else, or a new one. */
interface Change {
  readonly name: string;
  readonly item: Item | undefined;
}

/** The base volume's catalog with changed, new and removed items over it. Nothing here is written anywhere. */
export class StagedCatalog {
  readonly #base: BTree<CatalogKey>;
  readonly #key: (name: string) => string;
  readonly #compareNames: Compare<string>;
  /** By parent, then by name. */
  readonly #changes = new Map<number, Map<string, Change>>();
  readonly #items = new Map<number, Item>();
  readonly #removed = new Set<number>();
  /** Items of the base volume that were given out: there is one object for each, or changes to one would miss the other. */
  readonly #known = new Map<number, Item>();
  readonly #firstNewID: number;
  #nextID: number;

  constructor(
    base: BTree<CatalogKey>,
    nextCatalogID: number,
    names: { caseSensitive: boolean; compare: Compare<string> },
  ) {
    this.#base = base;
    this.#firstNewID = nextCatalogID;
    this.#nextID = nextCatalogID;
    this.#key = names.caseSensitive ? (name) => name : foldedName;
    this.#compareNames = names.compare;
  }

  get nextCatalogID(): number {
    return this.#nextID;
  }

  /** Changed and new items in the order in which they came. */
  get items(): Iterable<Item> {
    return this.#items.values();
  }

  /** Whether nothing was changed, added or removed. */
  get isUntouched(): boolean {
    return this.#changes.size === 0 && this.#items.size === 0 && this.#removed.size === 0;
  }

  /** Whether the file or folder of this CNID is no more. */
  isRemoved(cnid: number): boolean {
    return this.#removed.has(cnid);
  }

  /** The changed or new item of this CNID. */
  changed(cnid: number): Item | undefined {
    return this.#items.get(cnid);
  }

  takeID(): number {
    if (this.#nextID >= MAX_U32) throw new StepError('The volume has no catalog node IDs left.');
    return this.#nextID++;
  }

  async find(parentID: number, name: string): Promise<Item | undefined> {
    const change = this.#changes.get(parentID)?.get(this.#key(name));
    if (change) return change.item;
    if (this.#isNew(parentID)) return undefined;
    const found = await this.#base.search({ parentID, name });
    const item = found && this.#baseItem(found.key, found.record);
    if (item) this.#known.set(item.record.cnid, item);
    return item;
  }

  /** The item of a CNID, by its thread record. */
  async byID(cnid: number): Promise<Item | undefined> {
    const item = this.#items.get(cnid);
    if (item || this.#removed.has(cnid)) return item;
    const found = await this.#base.search({ parentID: cnid, name: '' });
    const thread = found && this.#decode(found.record);
    if (!thread || thread.kind === 'folder' || thread.kind === 'file') return undefined;
    const named = await this.find(thread.parentID, thread.name);
    return named?.record.cnid === cnid ? named : undefined;
  }

  /** What a folder holds, in the volume's order. */
  async *children(parentID: number): AsyncGenerator<Item> {
    const changes = this.#changes.get(parentID) ?? new Map<string, Change>();
    const staged = [...changes.values()]
      .map((change) => change.item)
      .filter((item) => item !== undefined)
      .sort((a, b) => this.#compareNames(a.name, b.name));
    let next = 0;
    if (!this.#isNew(parentID)) {
      for await (const { key, record } of this.#base.records({ parentID, name: '' })) {
        if (key.parentID !== parentID) break;
        if (key.name === '' || changes.has(this.#key(key.name))) continue;
        while (next < staged.length && this.#compareNames(staged[next]!.name, key.name) < 0) yield staged[next++]!;
        const item = this.#baseItem(key, record);
        if (item) yield item;
      }
    }
    yield* staged.slice(next);
  }

  /** Makes the item what its name means. An item of the same name must have been removed, or have the same CNID. */
  set(item: Item): void {
    this.#changesOf(item.parentID).set(this.#key(item.name), { name: item.name, item });
    this.#items.set(item.record.cnid, item);
  }

  remove(item: Item): void {
    this.#known.delete(item.record.cnid);
    this.#changesOf(item.parentID).set(this.#key(item.name), { name: item.name, item: undefined });
    this.#items.delete(item.record.cnid);
    this.#removed.add(item.record.cnid);
  }

  /** Every key whose record is not that of the base volume; `item` undefined: no record any more. Sorted. */
  changedKeys(): { readonly key: CatalogKey; readonly item: Item | undefined }[] {
    const keys: { key: CatalogKey; item: Item | undefined }[] = [];
    for (const [parentID, changes] of this.#changes) {
      for (const { name, item } of changes.values()) keys.push({ key: { parentID, name }, item });
    }
    for (const [cnid, item] of this.#items) keys.push({ key: { parentID: cnid, name: '' }, item });
    for (const cnid of this.#removed) keys.push({ key: { parentID: cnid, name: '' }, item: undefined });
    const order = catalogKeyOrder(this.#compareNames);
    return keys.sort((a, b) => order(a.key, b.key));
  }

  #changesOf(parentID: number): Map<string, Change> {
    const known = this.#changes.get(parentID);
    if (known) return known;
    const changes = new Map<string, Change>();
    this.#changes.set(parentID, changes);
    return changes;
  }

  /** Whether the base volume cannot know this CNID. */
  #isNew(cnid: number): boolean {
    return cnid >= this.#firstNewID;
  }

  #decode(record: Uint8Array): CatalogRecord {
    return decodeCatalogRecord(record, this.#base.where(0));
  }

  #baseItem(key: CatalogKey, bytes: Uint8Array): Item | undefined {
    const record = this.#decode(bytes);
    if (record.kind !== 'folder' && record.kind !== 'file') return undefined;
    const known = this.#known.get(record.cnid);
    if (known?.parentID === key.parentID && known.name === key.name) return known;
    const place = { parentID: key.parentID, name: key.name, xattrs: undefined };
    if (record.kind === 'folder') return { ...place, kind: 'folder', record, datesPut: false };
    return { ...place, kind: 'file', record, forks: undefined };
  }
}
