import { type ByteSource, viewOf } from '../bytes.js';
import { fault } from '../where.js';
import type { FatBits, FatGeometry } from './geometry.js';

/** What stands in an entry of the table besides the next cluster; in FAT16 and FAT12 the low bits of it. */
export const Mark = { free: 0, bad: 0x0fff_fff7, end: 0x0fff_ffff } as const;

const MASK: Readonly<Record<FatBits, number>> = { 12: 0x0fff, 16: 0xffff, 32: 0x0fff_ffff };

/** Bytes read of a table at once; of entries of 12 bits three make two, so a page holds whole ones. */
const PAGE = 3 * 8192;
const MOST_PAGES = 16;

/** Whether an entry says that the chain ends there. */
export function isEnd(bits: FatBits, value: number): boolean {
  return value >= ((Mark.bad & MASK[bits]) >>> 0) + 1;
}

/** A table for reading: some of its pages are kept. */
export class Table {
  readonly #pages = new Map<number, Uint8Array>();

  constructor(
    readonly source: ByteSource,
    readonly geometry: FatGeometry,
    /** Which of the copies. */
    readonly copy: number,
  ) {}

  /** What the entry of a cluster says. The cluster must be one of the volume's. */
  async get(cluster: number): Promise<number> {
    const { bits } = this.geometry;
    const at = Math.floor((cluster * bits) / 8);
    if (bits === 12) {
      const pair = (await this.#byte(at)) | ((await this.#byte(at + 1)) << 8);
      return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
    }
    const page = await this.#page(Math.floor(at / PAGE));
    return bits === 16 ? viewOf(page).getUint16(at % PAGE, true) : viewOf(page).getUint32(at % PAGE, true) & MASK[32];
  }

  /** All entries, pages at a time: `first` is the cluster of the first one. */
  async *pages(): AsyncGenerator<{
    readonly first: number;
    readonly bytes: Uint8Array;
    readonly entries: Uint32Array;
  }> {
    const { bits, clusters, sectorsPerTable, bytesPerSector } = this.geometry;
    const perPage = (PAGE * 8) / bits;
    for (let first = 0; first < clusters + 2; first += perPage) {
      const count = Math.min(perPage, clusters + 2 - first);
      const at = (first * bits) / 8;
      const length = Math.min(PAGE, sectorsPerTable * bytesPerSector - at);
      const bytes = await this.source.read(this.#start + at, length);
      yield { first, bytes, entries: decodeEntries(bits, bytes, count) };
    }
  }

  /** Bytes from the start of the volume to the table. */
  get #start(): number {
    const { reservedSectors, sectorsPerTable, bytesPerSector } = this.geometry;
    return (reservedSectors + this.copy * sectorsPerTable) * bytesPerSector;
  }

  async #byte(at: number): Promise<number> {
    return (await this.#page(Math.floor(at / PAGE)))[at % PAGE]!;
  }

  async #page(number: number): Promise<Uint8Array> {
    const kept = this.#pages.get(number);
    if (kept) return kept;
    const { sectorsPerTable, bytesPerSector } = this.geometry;
    const length = Math.min(PAGE, sectorsPerTable * bytesPerSector - number * PAGE);
    const bytes = await this.source.read(this.#start + number * PAGE, length);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size >= MOST_PAGES && oldest !== undefined) this.#pages.delete(oldest);
    this.#pages.set(number, bytes);
    return bytes;
  }

  /**
   * The clusters of a chain from its first, `most` at most. FormatError where the chain leaves the volume or leads into what is free or
   * bad; a ring ends at `most`.
   */
  async chain(first: number, most: number, what: string): Promise<number[]> {
    const { bits, clusters } = this.geometry;
    const found: number[] = [];
    for (let cluster = first; found.length < most; ) {
      if (cluster < 2 || cluster >= clusters + 2) {
        const where = {
          file: this.source.name,
          structure: `cluster chain of ${what}`,
          offset: this.#offset(found.at(-1)),
        };
        throw fault(where, 0, `a cluster from 2 to ${clusters + 1} or the end of the chain`, cluster);
      }
      found.push(cluster);
      const next = await this.get(cluster);
      if (isEnd(bits, next)) break;
      cluster = next;
    }
    return found;
  }

  /** Where the entry of a cluster is, for errors. */
  #offset(cluster = 0): number {
    return this.#start + Math.floor((cluster * this.geometry.bits) / 8);
  }
}

/** Entries from the start of a stretch of a table. */
function decodeEntries(bits: FatBits, bytes: Uint8Array, count: number): Uint32Array {
  const view = viewOf(bytes);
  return Uint32Array.from({ length: count }, (_, i) => {
    if (bits === 32) return view.getUint32(i * 4, true) & MASK[32];
    if (bits === 16) return view.getUint16(i * 2, true);
    const pair = view.getUint16(Math.floor(i * 1.5), true);
    return i % 2 === 0 ? pair & 0xfff : pair >> 4;
  });
}

/** The entries of a new table from its start on, as far as they are in use: all behind them are 0. */
export function encodeTable(bits: FatBits, entries: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((entries.length * bits) / 8));
  const view = viewOf(bytes);
  entries.forEach((entry, i) => {
    const value = (entry & MASK[bits]) >>> 0;
    if (bits === 32) view.setUint32(i * 4, value, true);
    else if (bits === 16) view.setUint16(i * 2, value, true);
    else {
      const at = Math.floor(i * 1.5);
      if (i % 2 === 0) {
        bytes[at] = value & 0xff;
        bytes[at + 1] = value >> 8;
      } else {
        bytes[at] = bytes[at]! | ((value & 15) << 4);
        bytes[at + 1] = value >> 4;
      }
    }
  });
  return bytes;
}
