import { FormatError } from '../../../errors.js';
import type { Bom } from '../../bom.js';
import type { Entrances } from '../coded.js';
import { firstHeader } from './header.js';
import type { Order, Place } from './order.js';
import { Prediction } from './prediction.js';

/** Most plain bytes that are looked through for headers: with files of gigabytes on the way, reading everything is no slower. */
const MOST_SCANNED = 1024 ** 3;

/** Looks at places that are guessed; then halves are taken. */
const MOST_GUESSES = 12;
/** A header that is predicted to lie so close before what is wanted is near enough: to look for a nearer one costs as much. Plain bytes, and of the whole. */
const NEAR = 4 << 20;
const NEAR_SHARE = 1 / 64;
/** So far from a known header a place is not guessed, but counted, where that can be; plain bytes. */
const MOST_COUNTED = 128 << 20;

/** A header of the stream: `skip` plain bytes behind an entrance. */
export interface Spot {
  readonly entrance: number;
  readonly skip: number;
}

/** A place, and the predicted offset of a header near it; `header`: the entrance before that one, if nothing was counted from there. */
interface Known {
  readonly place: number;
  readonly offset: number;
  header?: number;
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
   * A header that comes before all of `wanted`, or is its own, if the payload is in this order, and not long before it. The start of the
   * stream where nothing better is found; undefined where so much was looked through that reading everything is no slower.
   *
   * The next place to look at lies as far from a known header as `wanted` does by its predicted offset, or else between two known ones
   * as it does. That ends soon where the prediction holds; where it does not, the half is taken.
   */
  async before(wanted: Place, order: Order): Promise<Spot | undefined> {
    const { entrances } = this;
    const prediction = new Prediction(this.bom, order);
    const aim = prediction.offset(wanted);
    const near = Math.min(NEAR, prediction.total * NEAR_SHARE);
    let spot: Spot = { entrance: 0, skip: 0 };
    let low: Known = { place: 0, offset: 0, header: 0 };
    let high: Known = { place: entrances.end, offset: prediction.total };
    // The start may be near enough, too.
    for (let looks = 0; high.place - low.place > entrances.grain && Math.abs(aim - low.offset) > near; looks++) {
      const part = looks < MOST_GUESSES ? (aim - low.offset) / (high.offset - low.offset) : 0.5;
      const guess = Math.floor(low.place + (high.place - low.place) * part);
      const counted = await this.#count(low, high, aim);
      const place = Math.min(Math.max(counted ?? guess, low.place + 1), high.place - 1);
      const entrance = await entrances.next(place, high.place);
      const header = entrance === undefined ? null : await this.#headerFrom(entrance, high.place);
      if (this.#scanned > MOST_SCANNED) return undefined;
      const difference = header ? order.compare(header, wanted) : 1;
      if (header && difference <= 0) {
        spot = header;
        low = {
          place: Math.max(entrance!, header.entrance),
          offset: prediction.offset(header),
          header: header.entrance,
        };
        if (difference === 0) break;
      } else if (header) high = { place, offset: prediction.offset(header), header: header.entrance };
      else high = { ...high, place };
    }
    return spot;
  }

  /** The entrance at an offset, counted from the nearer of two known headers; once from each: again it would be the same place. */
  async #count(low: Known, high: Known, aim: number): Promise<number | undefined> {
    const nearer = aim - low.offset <= high.offset - aim || high.header === undefined ? low : high;
    const { header, offset } = nearer;
    if (header === undefined || Math.abs(aim - offset) > MOST_COUNTED) return undefined;
    delete nearer.header;
    return this.entrances.count?.(header, aim - offset, nearer === low ? high.place : low.place + 1);
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
