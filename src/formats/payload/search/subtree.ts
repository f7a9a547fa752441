import { FormatError } from '../../../errors.js';
import type { BomItem } from '../../bom.js';
import { cksum } from '../../cksum.js';
import { bytesOf, type CpioEntry, type Feed, readCpio } from '../../cpio/index.js';
import type { Path } from '../../entry.js';
import type { Payload } from '../coded.js';
import { kindOf } from '../draft.js';
import { linkKey } from '../links.js';
import type { Spot } from './locate.js';
import { isIn, type Order, placeOf } from './order.js';

/** Why what was found cannot be taken for what a full read would give. */
export class Miss extends Error {
  constructor(
    readonly reason: string,
    /** The entry it was about has other bytes than the Bom says: either is damaged. */
    readonly damage = false,
  ) {
    super(reason);
  }
}

export interface Wanted {
  readonly from: Path;
  /** What the Bom lists at and below `from`, by key. */
  readonly listed: ReadonlyMap<string, BomItem>;
}

/** The entries of a subtree, with the bytes of files, as far as they are kept. */
export interface Found {
  readonly payload: Payload;
  readonly entries: readonly CpioEntry[];
  /** Whether the bytes of all files were compared with the Bom's checksums; false where there are too many of them to keep. */
  readonly compared: boolean;
}

/**
 * Reads forward from a header to the end of the subtree. What it gives is what a full read gives: all that the Bom lists comes, in one
 * piece, and nothing else; each is what the Bom says it is, with the size and the checksum it says; and where a name stands for a file
 * whose bytes are at another name, that one is there. Miss where one of this is not so. FormatError where what must be decoded is damaged.
 */
export async function readSubtree(
  whole: Payload,
  { entrance, skip }: Spot,
  wanted: Wanted,
  order: Order,
): Promise<Found> {
  const payload = whole.entrances!.from(entrance);
  const feed = new WatchedFeed(payload.feed());
  const subtree = new Subtree(wanted, order, payload.keeps || MOST_COMPARED);
  try {
    await feed.skip(skip);
    for await (const entry of readCpio(feed, payload.name)) if (await subtree.take(entry)) break;
    return { payload, ...subtree.whole() };
  } catch (error) {
    // A chain of headers that breaks began with none. What cannot be decoded is damaged, wherever it was begun.
    if (error instanceof FormatError && error !== feed.failure) throw new Miss(error.message);
    throw error;
  }
}

/** Of a payload whose bytes cost nothing to have again so many are compared; bytes. */
const MOST_COMPARED = 64 << 20;

class Subtree {
  readonly #entries: CpioEntry[] = [];
  readonly #left: Map<string, BomItem>;
  #room: number;
  #compared = true;
  /** Hard-linked files: whether their bytes have come. */
  readonly #linked = new Map<string, boolean>();

  constructor(
    readonly wanted: Wanted,
    readonly order: Order,
    room: number,
  ) {
    this.#left = new Map(wanted.listed);
    this.#room = room;
  }

  /** Takes the next entry; true when it is the one behind the subtree. */
  async take(entry: CpioEntry): Promise<boolean> {
    const { from, listed } = this.wanted;
    const path = entry.path.map((part) => part.replaceAll(':', '/'));
    const kind = kindOf(entry.mode);
    const item = listed.get(entry.key);
    if (!item) {
      if (isIn(from, path)) throw new Miss(`${entry.name} is not in the Bom`);
      if (this.#left.size === 0) return true;
      if (this.#entries.length > 0) throw new Miss(`${entry.name} comes before all of what is wanted has come`);
      const place = placeOf(path, kind === 'file');
      if (this.order.compare(place, { path: from, double: false }) > 0) throw new Miss(`${entry.name} comes first`);
      return false;
    }
    if (!this.#left.delete(entry.key)) throw new Miss(`${entry.name} comes twice`);
    if (item.kind !== kind) throw new Miss(`${entry.name} is no ${item.kind}, as the Bom says`);
    if (kind !== 'folder' && item.size !== entry.size % 2 ** 32) {
      throw new Miss(`${entry.name} has ${entry.size} bytes, in the Bom ${item.size}`);
    }
    // A copy of the subtree inside a file would come with other ones, if it is another's.
    const same = item.mode === entry.mode && item.uid === entry.uid && item.gid === entry.gid;
    if (!same || item.modified !== entry.mtime % 2 ** 32)
      throw new Miss(`${entry.name} has another owner, mode or date than in the Bom`);
    this.#entries.push(await this.#withBytes(entry, item));
    return false;
  }

  /** All of it. Miss where something has not come. */
  whole(): Omit<Found, 'payload'> {
    const [first] = this.#left.keys();
    if (first !== undefined) throw new Miss(`${first} does not come`);
    if ([...this.#linked.values()].includes(false)) throw new Miss('a hard-linked file has its bytes elsewhere');
    return { entries: this.#entries, compared: this.#compared };
  }

  async #withBytes(entry: CpioEntry, { checksum }: BomItem): Promise<CpioEntry> {
    const isLinked = entry.nlink > 1 && kindOf(entry.mode) === 'file';
    if (entry.size === 0 && !isLinked) return entry;
    // Two different sizes are two files, as in HardLinks.
    const file = `${linkKey(entry)},${entry.size}`;
    if (entry.size > this.#room) {
      if (isLinked) throw new Miss(`${entry.name} is hard-linked, and too large to look at`);
      this.#compared = false;
      return entry;
    }
    this.#room -= entry.size;
    const bytes = await bytesOf(entry);
    const right = checksum === cksum(bytes);
    if (!isLinked && !right) throw new Miss(`${entry.name} has another checksum than in the Bom`, true);
    if (isLinked) this.#linked.set(file, right || (this.#linked.get(file) ?? false));
    return { ...entry, bytes };
  }
}

/** A feed that remembers what it failed with. */
class WatchedFeed implements Feed {
  failure: unknown;
  readonly #feed: Feed;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get position(): number {
    return this.#feed.position;
  }

  take(length: number): Promise<Uint8Array> {
    return this.#watch(() => this.#feed.take(length));
  }

  some(most: number): Promise<Uint8Array> {
    return this.#watch(() => this.#feed.some(most));
  }

  skip(length: number): Promise<number> {
    return this.#watch(() => this.#feed.skip(length));
  }

  close(): Promise<void> {
    return this.#feed.close();
  }

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
