import { FormatError } from '../../../errors.js';
import type { Bom } from '../../bom.js';
import type { Entrances } from '../coded.js';
import { firstHeader } from './header.js';
import type { Order, Place } from './order.js';

/** Most plain bytes that are looked through for headers: with files of gigabytes on the way, reading everything is no slower. */
const MOST_SCANNED = 1024 ** 3;

/** A header of the stream: `skip` plain bytes behind an entrance. */
export interface Spot {
  readonly entrance: number;
  readonly skip: number;
}

/** Bisects a payload by the paths of the headers it finds on the way. What it finds is remembered for another order. */
export class Locator {
  /** By the entrance from which a header was looked for, and how far: the header, or null. */
  readonly #found = new Map<number, { readonly header: (Place & Spot) | null; readonly end: number }>();
  #scanned = 0;

  constructor(
    readonly entrances: Entrances,
    readonly bom: Bom,
  ) {}

  /**
   * A header that comes before all of `wanted`, if the payload is in this order, and not long before it. The start of the stream where
   * nothing better is found; undefined where so much was looked through that reading everything is no slower.
   */
  async before(wanted: Place, order: Order): Promise<Spot | undefined> {
    const { entrances } = this;
    let low: Spot = { entrance: 0, skip: 0 };
    let lowest = 0;
    let high = entrances.end;
    while (high - lowest > entrances.grain) {
      const middle = Math.floor((lowest + high) / 2);
      const entrance = await entrances.next(middle, high);
      const header = entrance === undefined ? null : await this.#headerFrom(entrance, high);
      if (this.#scanned > MOST_SCANNED) return undefined;
      if (header && order.compare(header, wanted) < 0) {
        low = header;
        lowest = Math.max(entrance!, header.entrance);
      } else high = middle;
    }
    return low;
  }

  /** The first header behind an entrance, and before another; null where there is none. */
  async #headerFrom(from: number, end: number): Promise<(Place & Spot) | null> {
    const known = this.#found.get(from);
    if (known?.header) return known.header.entrance < end ? known.header : null;
    if (known && known.end >= end) return null;
    const header = await this.#scan(from, end);
    this.#found.set(from, { header, end });
    return header;
  }

  async #scan(from: number, end: number): Promise<(Place & Spot) | null> {
    const window = new Window(this.bom);
    let entrance: number | undefined = from;
    while (entrance !== undefined && this.#scanned <= MOST_SCANNED) {
      window.enter(entrance);
      try {
        for await (const bytes of this.entrances.block(entrance)) {
          this.#scanned += bytes.length;
          const found = window.add(bytes);
          if (found) return found;
        }
      } catch (error) {
        // Damaged: whoever needs this part of the payload will say so.
        if (!(error instanceof FormatError)) throw error;
        window.forget();
      }
      entrance = await this.entrances.next(entrance + 1, end);
    }
    return null;
  }
}

/** What of a stream is at hand, and where it lies. */
class Window {
  readonly #bom: Bom;
  #bytes = Buffer.alloc(0);
  /** Entrances, and where in `bytes` what is behind them begins; negative where it began before. The first one is before all. */
  #entered: { readonly entrance: number; readonly at: number }[] = [];

  constructor(bom: Bom) {
    this.#bom = bom;
  }

  /** What comes now begins at an entrance. */
  enter(entrance: number): void {
    this.#entered.push({ entrance, at: this.#bytes.length });
  }

  forget(): void {
    this.#bytes = Buffer.alloc(0);
    this.#entered = [];
  }

  add(more: Uint8Array): (Place & Spot) | undefined {
    this.#bytes = Buffer.concat([this.#bytes, more]);
    const found = firstHeader(this.#bytes, 0, this.#bom);
    const at = 'at' in found ? found.at : found.undecided;
    // Only the last entrance at or before it says where it lies.
    const last = Math.max(
      0,
      this.#entered.findLastIndex((one) => one.at <= at),
    );
    this.#entered = this.#entered.slice(last).map((one) => ({ ...one, at: one.at - at }));
    this.#bytes = this.#bytes.subarray(at);
    if (!('at' in found)) return undefined;
    const [first] = this.#entered;
    return { entrance: first!.entrance, skip: -first!.at, path: found.path, double: found.double };
  }
}
