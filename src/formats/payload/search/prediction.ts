import type { Bom } from '../../bom.js';
import { HEADER_SIZE } from '../../cpio/index.js';
import { type Order, type Place, placeOf } from './order.js';

/** Bytes of a name beside the path itself: "./", NUL. */
const AROUND_NAME = 3;

/**
 * Where in the stream an entry lies, if the payload has what the Bom lists, in this order, and nothing else: a guess at where to look
 * first, by the sizes of all that comes before.
 */
export class Prediction {
  readonly #bom: Bom;
  readonly #order: Order;
  /** Bytes of an entry and all that is in it, by its number in the Bom. */
  readonly #sizes: Map<number, number>;
  readonly total: number;

  constructor(bom: Bom, order: Order) {
    this.#bom = bom;
    this.#order = order;
    this.#sizes = bom.sum(({ kind, size }, pathBytes) => {
      return HEADER_SIZE.odc + AROUND_NAME + pathBytes + (kind === 'folder' ? 0 : size);
    });
    this.total = [...bom.inside([])].reduce((sum, { id }) => sum + (this.#sizes.get(id) ?? 0), HEADER_SIZE.odc);
  }

  /** Bytes before an entry. */
  offset({ path, double }: Place): number {
    let offset = 0;
    for (let depth = 0; depth < path.length; depth++) {
      const above = path.slice(0, depth).map(posix);
      // The folder itself.
      offset += HEADER_SIZE.odc + AROUND_NAME + Buffer.byteLength(above.join('/'));
      const last = depth + 1 === path.length;
      const wanted = { path: [path[depth]!], double: last && double };
      for (const { id, name, item } of this.#bom.inside(above)) {
        const place = placeOf([name.replaceAll(':', '/')], item.kind === 'file');
        if (this.#order.compare(place, wanted) < 0) offset += this.#sizes.get(id) ?? 0;
      }
    }
    return offset;
  }
}

const posix = (name: string) => name.replaceAll('/', ':');
