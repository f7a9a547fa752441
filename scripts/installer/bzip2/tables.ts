/** Symbols that share a table. */
export const GROUP = 50;
const LONGEST = 17;
const ROUNDS = 3;

/** Huffman tables of a block: how long each symbol's code is in each, and which group uses which. */
export interface Tables {
  readonly lengths: readonly Uint8Array[];
  readonly choices: Uint8Array;
}

/** Chooses tables: begins with a share of the alphabet for each, then fits them to the groups that like them best. */
export function chooseTables(symbols: Uint16Array, alphabet: number): Tables {
  const groups = Math.ceil(symbols.length / GROUP);
  const count =
    symbols.length < 200 ? 2 : symbols.length < 600 ? 3 : symbols.length < 1200 ? 4 : symbols.length < 2400 ? 5 : 6;
  const lengths = firstLengths(symbols, alphabet, count);
  const choices = new Uint8Array(groups);
  for (let round = 0; round < ROUNDS; round++) {
    const frequencies = lengths.map(() => new Uint32Array(alphabet));
    for (let group = 0; group < groups; group++) {
      const from = group * GROUP;
      const to = Math.min(from + GROUP, symbols.length);
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let table = 0; table < count; table++) {
        const bits = lengths[table] as Uint8Array;
        let cost = 0;
        for (let i = from; i < to; i++) cost += bits[symbols[i] as number] as number;
        if (cost < least) {
          least = cost;
          best = table;
        }
      }
      choices[group] = best;
      const frequency = frequencies[best] as Uint32Array;
      for (let i = from; i < to; i++) frequency[symbols[i] as number]!++;
    }
    for (let table = 0; table < count; table++) lengths[table] = codeLengths(frequencies[table] as Uint32Array);
  }
  return { lengths, choices };
}

/** Each table begins as the one for a stretch of the alphabet that has an equal share of all symbols. */
function firstLengths(symbols: Uint16Array, alphabet: number, count: number): Uint8Array[] {
  const frequency = new Uint32Array(alphabet);
  for (const symbol of symbols) frequency[symbol]!++;
  const lengths: Uint8Array[] = [];
  let left = symbols.length;
  for (let table = 0, from = 0; table < count; table++) {
    let sum = 0;
    let to = from;
    while (to < alphabet && (sum < left / (count - table) || to === from)) sum += frequency[to++] as number;
    lengths.push(new Uint8Array(alphabet).fill(15).fill(1, from, to));
    left -= sum;
    from = to;
  }
  return lengths;
}

/** Lengths of a Huffman code, at most LONGEST; symbols that never occur get a code too, as the format wants. */
export function codeLengths(frequency: Uint32Array): Uint8Array {
  const n = frequency.length;
  for (let flatten = 0; ; flatten++) {
    const weights = Array.from(frequency, (value) => Math.max(1, Math.ceil(value / 2 ** flatten)));
    const parent = new Int32Array(2 * n).fill(-1);
    // Two queues: leaves by weight, and the nodes made of them, which come into being in order.
    const leaves = Array.from(weights, (_, i) => i).sort(
      (a, b) => (weights[a] as number) - (weights[b] as number) || a - b,
    );
    let leaf = 0;
    let node = n;
    const lightest = () => {
      const fromLeaves =
        leaf < n &&
        (node >= weights.length || (weights[leaves[leaf] as number] as number) <= (weights[node] as number));
      return fromLeaves ? (leaves[leaf++] as number) : node++;
    };
    while (weights.length < 2 * n - 1) {
      const a = lightest();
      const b = lightest();
      parent[a] = weights.length;
      parent[b] = weights.length;
      weights.push((weights[a] as number) + (weights[b] as number));
    }
    const depth = new Uint8Array(2 * n);
    for (let i = 2 * n - 3; i >= 0; i--) depth[i] = (depth[parent[i] as number] as number) + 1;
    const lengths = depth.slice(0, n);
    if (lengths.every((length) => length <= LONGEST)) return lengths;
  }
}

/** Canonical codes of these lengths, in the order of symbols within a length. */
export function codesOf(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= LONGEST; length++, code <<= 1) {
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) codes[symbol] = code++;
  }
  return codes;
}
