const LEAST_MATCH = 4;
const FARTHEST = 0xffff;
const END = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0, 0);

/**
 * Compresses with LZVN, greedily and with a few of its opcodes: E0 n (16 + n literals), En (n literals), the long distance form
 * LLMMM111 with L = 0 (3 to 10 bytes, u16 LE distance), F0 n (16 + n bytes more), Fn (n bytes more), and the end.
 */
export function encodeLzvn(plain: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const seen = new Map<number, number>();
  let literals = 0;
  for (let at = 0; at < plain.length; ) {
    const match = longest(plain, at, seen);
    if (match === undefined) {
      at++;
      continue;
    }
    pushLiterals(parts, plain.subarray(literals, at));
    const first = Math.min(match.length, 10);
    parts.push(Uint8Array.of(((first - 3) << 3) | 7, match.distance & 0xff, match.distance >>> 8));
    for (let left = match.length - first; left > 0; ) {
      const more = Math.min(left, 271);
      parts.push(more >= 16 ? Uint8Array.of(0xf0, more - 16) : Uint8Array.of(0xf0 | more));
      left -= more;
    }
    at += match.length;
    literals = at;
  }
  pushLiterals(parts, plain.subarray(literals));
  parts.push(END);
  return Buffer.concat(parts);
}

/** The last place where the next four bytes stood, and how far both go on alike. Remembers this one. */
function longest(plain: Uint8Array, at: number, seen: Map<number, number>) {
  if (at + LEAST_MATCH > plain.length) return undefined;
  const byte = (i: number) => plain[at + i] as number;
  const key = byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
  const before = seen.get(key);
  seen.set(key, at);
  if (before === undefined || at - before > FARTHEST) return undefined;
  let length = LEAST_MATCH;
  while (at + length < plain.length && plain[before + length] === plain[at + length]) length++;
  return { distance: at - before, length };
}

function pushLiterals(parts: Uint8Array[], bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const take = Math.min(271, bytes.length - at);
    parts.push(take >= 16 ? Uint8Array.of(0xe0, take - 16) : Uint8Array.of(0xe0 | take));
    parts.push(bytes.subarray(at, at + take));
    at += take;
  }
}
