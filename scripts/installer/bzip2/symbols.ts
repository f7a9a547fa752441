/** A block's last column as the symbols that are coded. */
export interface Symbols {
  /** Byte values that occur, in order. */
  readonly used: readonly number[];
  /** RUNA 0 and RUNB 1 (runs of zeros in bijective base 2), then place + 1, the last is the end of the block. */
  readonly list: Uint16Array;
}

/** Move to front, and runs of the front as numbers. */
export function moveToFront(last: Uint8Array): Symbols {
  const seen = new Uint8Array(256);
  for (const value of last) seen[value] = 1;
  const used: number[] = [];
  for (let value = 0; value < 256; value++) if (seen[value]) used.push(value);
  const front = Uint8Array.from(used);
  const list = new Uint16Array(last.length + 1);
  let length = 0;
  let zeros = 0;
  const flush = () => {
    for (; zeros > 0; zeros = (zeros - 1) >> 1) list[length++] = (zeros - 1) & 1;
  };
  for (const value of last) {
    if (front[0] === value) {
      zeros++;
      continue;
    }
    flush();
    const index = front.indexOf(value);
    front.copyWithin(1, 0, index);
    front[0] = value;
    list[length++] = index + 1;
  }
  flush();
  list[length++] = used.length + 1;
  return { used, list: list.subarray(0, length) };
}
