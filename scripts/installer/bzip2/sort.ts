/**
 * Sorts all rotations of a block in linear time. Returns their starts in order; equal rotations stand in any order. The block is
 * first turned to its smallest rotation: of that, the order of suffixes is the order of rotations (Lyndon words), and suffixes
 * are sorted by induced sorting (Nong, Zhang and Chan, SA-IS, 2009).
 */
export function sortRotations(block: Uint8Array): Int32Array {
  const n = block.length;
  const noise = sortNoise(block);
  if (noise) return noise;
  const turn = smallestRotation(block);
  const turned = new Int32Array(n);
  for (let i = 0; i < n; i++) turned[i] = block[(i + turn) % n] as number;
  const order = new Int32Array(n);
  sortSuffixes(turned, n, 256, order);
  for (let i = 0; i < n; i++) order[i] = ((order[i] as number) + turn) % n;
  return order;
}

/** Of so many bytes no value may be more frequent than one in MOST_OF, or they are no noise. */
const LEAST_NOISE = 50_000;
const MOST_OF = 100;
/** Longest stretch that two rotations of noise may have in common. */
const MOST_ALIKE = 64;

/**
 * The same for bytes in which hardly any four come twice, many times faster: by their first four bytes in two passes over sixteen
 * bits, then what is left by comparing. Undefined where the block is not like that.
 */
function sortNoise(block: Uint8Array): Int32Array | undefined {
  const n = block.length;
  if (n < LEAST_NOISE) return undefined;
  const counts = new Uint32Array(256);
  for (const byte of block) counts[byte]!++;
  if (counts.some((count) => count > n / MOST_OF)) return undefined;
  const doubled = new Uint8Array(n + MOST_ALIKE);
  doubled.set(block);
  doubled.set(block.subarray(0, MOST_ALIKE), n);
  const pair = (at: number) => ((doubled[at] as number) << 8) | (doubled[at + 1] as number);
  const starts = new Uint32Array(0x1_0001);
  const half = new Int32Array(n);
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) starts[pair(i + 2) + 1]!++;
  for (let i = 0; i < 0x1_0000; i++) starts[i + 1]! += starts[i] as number;
  for (let i = 0; i < n; i++) half[starts[pair(i + 2)]!++] = i;
  starts.fill(0);
  for (let i = 0; i < n; i++) starts[pair(i) + 1]!++;
  for (let i = 0; i < 0x1_0000; i++) starts[i + 1]! += starts[i] as number;
  for (let i = 0; i < n; i++) {
    const at = half[i] as number;
    order[starts[pair(at)]!++] = at;
  }
  const compare = (a: number, b: number) => {
    for (let i = 4; i < MOST_ALIKE; i++) {
      const difference = (doubled[a + i] as number) - (doubled[b + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const four = (at: number) => pair(at) * 0x1_0000 + pair(at + 2);
  for (let from = 0, to = 1; from < n; from = to++) {
    const prefix = four(order[from] as number);
    while (to < n && four(order[to] as number) === prefix) to++;
    if (to - from === 1) continue;
    if (to - from > MOST_ALIKE) return undefined;
    const alike = order.subarray(from, to).sort(compare);
    for (let i = 1; i < alike.length; i++)
      if (compare(alike[i - 1] as number, alike[i] as number) === 0) return undefined;
  }
  return order;
}

/** Where the smallest rotation starts (two candidates race, each loses by as much as it matched). */
function smallestRotation(block: Uint8Array): number {
  const n = block.length;
  let a = 0;
  let b = 1;
  for (let same = 0; a < n && b < n && same < n; ) {
    const x = block[(a + same) % n] as number;
    const y = block[(b + same) % n] as number;
    if (x === y) {
      same++;
      continue;
    }
    if (x > y) a += same + 1;
    else b += same + 1;
    if (a === b) b++;
    same = 0;
  }
  return Math.min(a, b);
}

/** The suffixes of text[0, n), whose values are below `alphabet`, in order; the end counts as less than any value. */
function sortSuffixes(text: Int32Array, n: number, alphabet: number, order: Int32Array): void {
  if (n === 1) order[0] = 0;
  if (n <= 1) return;
  // 1: smaller than the suffix behind it (type S). The last one is larger, because the end is smallest.
  const small = new Uint8Array(n);
  for (let i = n - 2; i >= 0; i--) {
    const here = text[i] as number;
    const next = text[i + 1] as number;
    small[i] = here < next || (here === next && small[i + 1] === 1) ? 1 : 0;
  }
  const counts = new Int32Array(alphabet);
  for (let i = 0; i < n; i++) counts[text[i] as number]!++;
  const starts = new Int32Array(alphabet);
  const ends = new Int32Array(alphabet);
  for (let value = 0, sum = 0; value < alphabet; value++) {
    starts[value] = sum;
    sum += counts[value] as number;
    ends[value] = sum;
  }
  const place = new Int32Array(alphabet);
  const induce = () => {
    place.set(starts);
    // The suffix before the end is the first that is induced.
    order[place[text[n - 1] as number]!++] = n - 1;
    for (let i = 0; i < n; i++) {
      const at = (order[i] as number) - 1;
      if (at >= 0 && small[at] === 0) order[place[text[at] as number]!++] = at;
    }
    place.set(ends);
    for (let i = n - 1; i >= 0; i--) {
      const at = (order[i] as number) - 1;
      if (at >= 0 && small[at] === 1) order[--place[text[at] as number]!] = at;
    }
  };
  const leftmost = (i: number) => i > 0 && small[i] === 1 && small[i - 1] === 0;

  // Sort the stretches between leftmost S places by inducing from them in any order.
  order.fill(-1, 0, n);
  place.set(ends);
  let many = 0;
  for (let i = 1; i < n; i++) {
    if (!leftmost(i)) continue;
    order[--place[text[i] as number]!] = i;
    many++;
  }
  induce();
  if (many === 0) return;
  let sorted = 0;
  for (let i = 0; i < n; i++) {
    const at = order[i] as number;
    if (leftmost(at)) order[sorted++] = at;
  }
  // Name them: equal stretches get equal numbers. Two leftmost places are never neighbours, so half of n is room enough.
  const names = new Int32Array((n >> 1) + 1).fill(-1);
  let name = -1;
  let before = -1;
  for (let i = 0; i < many; i++) {
    const at = order[i] as number;
    if (before < 0 || !sameStretch(text, small, n, before, at)) name++;
    names[at >> 1] = name;
    before = at;
  }
  const shorter = new Int32Array(many);
  const places = new Int32Array(many);
  for (let i = 1, j = 0; i < n; i++) {
    if (!leftmost(i)) continue;
    shorter[j] = names[i >> 1] as number;
    places[j++] = i;
  }
  const shorterOrder = new Int32Array(many);
  if (name + 1 < many) sortSuffixes(shorter, many, name + 1, shorterOrder);
  else for (let i = 0; i < many; i++) shorterOrder[shorter[i] as number] = i;
  // Now in their true order, and all others from them.
  order.fill(-1, 0, n);
  place.set(ends);
  for (let i = many - 1; i >= 0; i--) {
    const at = places[shorterOrder[i] as number] as number;
    order[--place[text[at] as number]!] = at;
  }
  induce();
}

/** Whether the stretches from two leftmost S places to the next such place are equal. */
function sameStretch(text: Int32Array, small: Uint8Array, n: number, a: number, b: number): boolean {
  for (let i = 0; ; i++) {
    if (a + i >= n || b + i >= n) return false;
    if (text[a + i] !== text[b + i] || small[a + i] !== small[b + i]) return false;
    if (i > 0) {
      const endA = small[a + i] === 1 && small[a + i - 1] === 0;
      const endB = small[b + i] === 1 && small[b + i - 1] === 0;
      if (endA && endB) return true;
      if (endA !== endB) return false;
    }
  }
}
