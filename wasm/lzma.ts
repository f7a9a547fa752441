// The LZMA decoder inside LZMA2, in AssemblyScript: TypeScript's syntax, compiled to WebAssembly by scripts/setup.mjs. A range decoder
// has one long chain of dependent 32-bit operations, of which JavaScript made twice the work (bounds of every access, 31-bit integers).
// Source: the LZMA specification in Igor Pavlov's LZMA SDK (public domain). Range and code are unsigned 32-bit numbers.
//
// All state is in locals of one function. Steps whose outcome nobody can predict, the bits of literals, lengths and distances, do not
// branch: both outcomes are computed and one is selected. Nothing is checked twice: input and output lie in this memory, `to` and `end` are
// looked at once a symbol, which takes at most 20 bytes of input, and what is read too far is refused then.
import {
  ALIGN,
  END_MODEL_SLOT,
  FIRST_MODEL_SLOT,
  IS_MATCH,
  IS_REP,
  IS_REP_G0,
  IS_REP_G1,
  IS_REP_G2,
  IS_REP0_LONG,
  LEN_HIGH,
  LEN_LOW,
  LEN_MID,
  LENGTH,
  LITERAL,
  PROBS,
  REP_LENGTH,
  SLOT,
  SPECIAL,
} from '../src/formats/codecs/xz/lzma-model';

/** What is wrong with a chunk; 0: nothing. */
const NO_RANGE_CODER: i32 = 1;
const BEYOND_DICTIONARY: i32 = 2;
const ACROSS_END: i32 = 3;
const TOO_MANY_SYMBOLS: i32 = 4;
const OTHER_LENGTH: i32 = 5;

const TOP: u32 = 1 << 24;
/** Makes floor((2048 - p) / 32) of -((p + ZERO) >> 5): what a probability rises by when a 0 comes. */
const ZERO: i32 = 31 - 2048;

/** 28 KB of probabilities, 16 bits each. */
const probs: usize = 1024;

let lc: u32 = 0;
let lpMask: u32 = 0;
let pbMask: u32 = 0;
let state: u32 = 0;
let rep0: u32 = 0;
let rep1: u32 = 0;
let rep2: u32 = 0;
let rep3: u32 = 0;

/** Where a probability lies. Inlined, as all that is small. */
function p(index: u32): usize {
  return probs + ((index as usize) << 1);
}

/** Sets lc, and the masks of lp and pb. */
export function setProperties(newLc: u32, newLpMask: u32, newPbMask: u32): void {
  lc = newLc;
  lpMask = newLpMask;
  pbMask = newPbMask;
}

/** Fresh probabilities, no recent distances. */
export function reset(): void {
  for (let i: u32 = 0; i < (PROBS as u32); i++) store<u16>(p(i), 1024);
  state = 0;
  rep0 = rep1 = rep2 = rep3 = 0;
}

/**
 * Decodes the chunk in [from, to) to [at, end), matches reaching back to `dictionary` at most; positions count from there. Up to 7 bytes
 * behind `end` are overwritten.
 */
export function decode(from: usize, to: usize, at: usize, end: usize, dictionary: usize): i32 {
  if (to - from < 5 || load<u8>(from) !== 0) return NO_RANGE_CODER;
  let pos = from + 5;
  let range: u32 = 0xffffffff;
  let code: u32 = bswap(load<u32>(from + 1));
  let st = state;
  let r0 = rep0;
  let r1 = rep1;
  let r2 = rep2;
  let r3 = rep3;
  const literalShift: u32 = lc;
  const lp = lpMask;
  const pb = pbMask;
  let prob: u32 = 0;
  let bound: u32 = 0;
  let place: usize = 0;
  let wrong: i32 = 0;

  while (at < end) {
    if (pos > to) return TOO_MANY_SYMBOLS;
    const position = (at - dictionary) as u32;
    const posState = position & pb;

    // Is it a match?
    place = p(IS_MATCH + st * 16 + posState);
    prob = load<u16>(place);
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(pos++);
    }
    bound = (range >>> 11) * prob;
    if (code < bound) {
      range = bound;
      store<u16>(place, prob + ((2048 - prob) >>> 5));
      const before: u32 = position > 0 ? load<u8>(at - 1) : 0;
      const base = p(LITERAL + (((position & lp) << literalShift) + (before >>> (8 - literalShift))) * 0x300);
      let symbol: u32 = 1;
      if (st < 7) {
        do {
          place = base + (symbol << 1);
          prob = load<u16>(place);
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(pos++);
          }
          bound = (range >>> 11) * prob;
          const one: bool = code >= bound;
          range = select(range - bound, bound, one);
          code = select(code - bound, code, one);
          store<u16>(place, prob - (((prob as i32) + select<i32>(0, ZERO, one)) >> 5));
          symbol = (symbol << 1) | (one as u32);
        } while (symbol < 0x100);
      } else {
        // After a match: guided by the byte that the match would have gone on with.
        let guide: u32 = load<u8>(at - (r0 as usize) - 1);
        let offset: u32 = 0x100;
        do {
          guide <<= 1;
          const guided = guide & offset;
          place = base + ((offset + guided + symbol) << 1);
          prob = load<u16>(place);
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(pos++);
          }
          bound = (range >>> 11) * prob;
          const one: bool = code >= bound;
          range = select(range - bound, bound, one);
          code = select(code - bound, code, one);
          store<u16>(place, prob - (((prob as i32) + select<i32>(0, ZERO, one)) >> 5));
          symbol = (symbol << 1) | (one as u32);
          // As long as it is right: the other half of the probabilities.
          offset = select(guided, offset ^ guided, one);
        } while (symbol < 0x100);
      }
      store<u8>(at++, symbol);
      st = st < 4 ? 0 : st < 10 ? st - 3 : st - 6;
      continue;
    }
    range -= bound;
    code -= bound;
    store<u16>(place, prob - (prob >>> 5));

    // Is it one of the last distances?
    place = p(IS_REP + st);
    prob = load<u16>(place);
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(pos++);
    }
    bound = (range >>> 11) * prob;
    let base: usize = 0;
    let simple = false;
    if (code < bound) {
      range = bound;
      store<u16>(place, prob + ((2048 - prob) >>> 5));
      simple = true;
      r3 = r2;
      r2 = r1;
      r1 = r0;
      base = p(LENGTH);
      st = st < 7 ? 7 : 10;
    } else {
      range -= bound;
      code -= bound;
      store<u16>(place, prob - (prob >>> 5));
      place = p(IS_REP_G0 + st);
      prob = load<u16>(place);
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(pos++);
      }
      bound = (range >>> 11) * prob;
      if (code < bound) {
        range = bound;
        store<u16>(place, prob + ((2048 - prob) >>> 5));
        place = p(IS_REP0_LONG + st * 16 + posState);
        prob = load<u16>(place);
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(pos++);
        }
        bound = (range >>> 11) * prob;
        if (code < bound) {
          range = bound;
          store<u16>(place, prob + ((2048 - prob) >>> 5));
          if (r0 >= position) return BEYOND_DICTIONARY;
          store<u8>(at, load<u8>(at - (r0 as usize) - 1));
          at++;
          st = st < 7 ? 9 : 11;
          continue;
        }
        range -= bound;
        code -= bound;
        store<u16>(place, prob - (prob >>> 5));
      } else {
        range -= bound;
        code -= bound;
        store<u16>(place, prob - (prob >>> 5));
        place = p(IS_REP_G1 + st);
        prob = load<u16>(place);
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(pos++);
        }
        bound = (range >>> 11) * prob;
        let distance: u32;
        if (code < bound) {
          range = bound;
          store<u16>(place, prob + ((2048 - prob) >>> 5));
          distance = r1;
        } else {
          range -= bound;
          code -= bound;
          store<u16>(place, prob - (prob >>> 5));
          place = p(IS_REP_G2 + st);
          prob = load<u16>(place);
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(pos++);
          }
          bound = (range >>> 11) * prob;
          if (code < bound) {
            range = bound;
            store<u16>(place, prob + ((2048 - prob) >>> 5));
            distance = r2;
          } else {
            range -= bound;
            code -= bound;
            store<u16>(place, prob - (prob >>> 5));
            distance = r3;
            r3 = r2;
          }
          r2 = r1;
        }
        r1 = r0;
        r0 = distance;
      }
      base = p(REP_LENGTH);
      st = st < 7 ? 8 : 11;
    }

    // Its length: a tree of 8, of 8 or of 256 leaves.
    let leaves: u32 = 8;
    let length: u32 = 2 - 8;
    let tree = base + ((LEN_LOW + posState * 8) << 1);
    prob = load<u16>(base);
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(pos++);
    }
    bound = (range >>> 11) * prob;
    if (code < bound) {
      range = bound;
      store<u16>(base, prob + ((2048 - prob) >>> 5));
    } else {
      range -= bound;
      code -= bound;
      store<u16>(base, prob - (prob >>> 5));
      place = base + 2;
      prob = load<u16>(place);
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(pos++);
      }
      bound = (range >>> 11) * prob;
      if (code < bound) {
        range = bound;
        store<u16>(place, prob + ((2048 - prob) >>> 5));
        length = 2;
        tree = base + ((LEN_MID + posState * 8) << 1);
      } else {
        range -= bound;
        code -= bound;
        store<u16>(place, prob - (prob >>> 5));
        length = 2 + 16 - 256;
        leaves = 256;
        tree = base + (LEN_HIGH << 1);
      }
    }
    let node: u32 = 1;
    do {
      place = tree + (node << 1);
      prob = load<u16>(place);
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(pos++);
      }
      bound = (range >>> 11) * prob;
      const one: bool = code >= bound;
      range = select(range - bound, bound, one);
      code = select(code - bound, code, one);
      store<u16>(place, prob - (((prob as i32) + select<i32>(0, ZERO, one)) >> 5));
      node = (node << 1) | (one as u32);
    } while (node < leaves);
    length += node;

    if (simple) {
      // A new distance: its slot, then the bits below the two highest.
      tree = p(SLOT + min<u32>(length - 2, 3) * 64);
      let slot: u32 = 1;
      do {
        place = tree + (slot << 1);
        prob = load<u16>(place);
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(pos++);
        }
        bound = (range >>> 11) * prob;
        const one: bool = code >= bound;
        range = select(range - bound, bound, one);
        code = select(code - bound, code, one);
        store<u16>(place, prob - (((prob as i32) + select<i32>(0, ZERO, one)) >> 5));
        slot = (slot << 1) | (one as u32);
      } while (slot < 64);
      slot -= 64;
      r0 = slot;
      if (slot >= (FIRST_MODEL_SLOT as u32)) {
        let bits: u32 = (slot >>> 1) - 1;
        r0 = (2 | (slot & 1)) << bits;
        if (slot < (END_MODEL_SLOT as u32)) tree = p(SPECIAL + r0 - slot);
        else {
          // All but the lowest four have even odds.
          bits -= 4;
          let direct: u32 = 0;
          do {
            if (range < TOP) {
              range <<= 8;
              code = (code << 8) | load<u8>(pos++);
            }
            range >>>= 1;
            const one: bool = code >= range;
            code = select(code - range, code, one);
            direct = (direct << 1) | (one as u32);
          } while (--bits);
          r0 += direct << 4;
          tree = p(ALIGN);
          bits = 4;
        }
        // A tree read from the lowest bit up.
        let low: u32 = 0;
        node = 1;
        for (let i: u32 = 0; i < bits; i++) {
          place = tree + (node << 1);
          prob = load<u16>(place);
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(pos++);
          }
          bound = (range >>> 11) * prob;
          const one: bool = code >= bound;
          range = select(range - bound, bound, one);
          code = select(code - bound, code, one);
          store<u16>(place, prob - (((prob as i32) + select<i32>(0, ZERO, one)) >> 5));
          node = (node << 1) | (one as u32);
          low |= (one as u32) << i;
        }
        r0 += low;
      }
    }

    if (r0 >= position) return BEYOND_DICTIONARY;
    if ((length as usize) > end - at) return ACROSS_END;
    const distance = (r0 as usize) + 1;
    let source = at - distance;
    const stop = at + (length as usize);
    if (distance >= 8) {
      do {
        store<u64>(at, load<u64>(source));
        at += 8;
        source += 8;
      } while (at < stop);
      at = stop;
    } else {
      do {
        store<u8>(at++, load<u8>(source++));
      } while (at < stop);
    }
  }

  if (range < TOP) code = (code << 8) | load<u8>(pos++);
  if (pos !== to || code !== 0) wrong = OTHER_LENGTH;
  state = st;
  rep0 = r0;
  rep1 = r1;
  rep2 = r2;
  rep3 = r3;
  return wrong;
}
