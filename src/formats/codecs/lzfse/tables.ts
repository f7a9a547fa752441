import { broken, type Where } from '../fault.js';
import { D_STATES, D_SYMBOLS, L_STATES, L_SYMBOLS, LITERAL_STATES, M_STATES, M_SYMBOLS } from './header.js';

// Finite state entropy: in state s the decoder takes k(s) bits from the payload; they and delta(s) give the next state. A symbol of
// frequency f owns f consecutive states. A table is built so that all bits read lead to a state inside it: no checks when decoding.

/** Extra bits and base of each L, M and D symbol (lzfse_internal.h). */
const L_EXTRA = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 8);
const M_EXTRA = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 8, 11);
const D_EXTRA = Uint8Array.from({ length: D_SYMBOLS }, (_, symbol) => symbol >> 2);
const [L_BASE, M_BASE, D_BASE] = [L_EXTRA, M_EXTRA, D_EXTRA].map((extra) => {
  const base = new Int32Array(extra.length);
  for (let i = 1; i < extra.length; i++) base[i] = base[i - 1]! + (1 << extra[i - 1]!);
  return base;
}) as [Int32Array, Int32Array, Int32Array];

/** States of a table of numbers (L, M or D). */
export interface NumberTable {
  readonly states: number;
  /** Per state: bits to take (bits 0-4), how many of them are the number's (5-8), delta of the next state (9 and up). */
  readonly step: Int32Array;
  /** Per state: what the number's bits are added to. */
  readonly base: Int32Array;
}

/** Per state of the literal table: bits to take (bits 0-3), the literal (4-11), delta of the next state (12 and up). */
export type LiteralTable = Int32Array;

export function newNumberTable(states: number): NumberTable {
  return { states, step: new Int32Array(states), base: new Int32Array(states) };
}

/** Fills the L, M or D table from the frequencies of its symbols. */
export function fillNumbers(table: NumberTable, kind: 'L' | 'M' | 'D', frequencies: Uint16Array, where: Where): void {
  const extra = kind === 'L' ? L_EXTRA : kind === 'M' ? M_EXTRA : D_EXTRA;
  const base = kind === 'L' ? L_BASE : kind === 'M' ? M_BASE : D_BASE;
  checkSum(frequencies, table.states, `${kind} symbols`, where);
  let state = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    const frequency = frequencies[symbol]!;
    if (frequency === 0) continue;
    const shift = Math.clz32(frequency) - Math.clz32(table.states);
    const split = ((2 * table.states) >> shift) - frequency;
    for (let j = 0; j < frequency; j++, state++) {
      const bits = j < split ? shift : shift - 1;
      const delta = j < split ? ((frequency + j) << shift) - table.states : (j - split) << bits;
      table.step[state] = (bits + extra[symbol]!) | (extra[symbol]! << 5) | (delta << 9);
      table.base[state] = base[symbol]!;
    }
  }
}

/** Fills the literal table from the frequencies of the 256 byte values. */
export function fillLiterals(table: LiteralTable, frequencies: Uint16Array, where: Where): void {
  checkSum(frequencies, LITERAL_STATES, 'literals', where);
  let state = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    const frequency = frequencies[symbol]!;
    if (frequency === 0) continue;
    const shift = Math.clz32(frequency) - Math.clz32(LITERAL_STATES);
    const split = ((2 * LITERAL_STATES) >> shift) - frequency;
    for (let j = 0; j < frequency; j++, state++) {
      const bits = j < split ? shift : shift - 1;
      const delta = j < split ? ((frequency + j) << shift) - LITERAL_STATES : (j - split) << bits;
      table[state] = bits | (symbol << 4) | (delta << 12);
    }
  }
}

/** Every state must belong to a symbol, or damaged data could reach one that does not. */
function checkSum(frequencies: Uint16Array, states: number, what: string, where: Where): void {
  let sum = 0;
  for (const frequency of frequencies) sum += frequency;
  if (sum !== states) {
    throw broken(where, 'LZFSE block header', `frequencies of ${what} that add up to ${states}`, `${sum}`);
  }
}

/** The four tables of a block; 12 KiB, made once and filled again for each block. */
export const tables = {
  literals: new Int32Array(LITERAL_STATES) as LiteralTable,
  l: newNumberTable(L_STATES),
  m: newNumberTable(M_STATES),
  d: newNumberTable(D_STATES),
};

/** Where the frequencies of L, M, D and the literals begin in a header's list. */
export const FIRST_M = L_SYMBOLS;
export const FIRST_D = FIRST_M + M_SYMBOLS;
export const FIRST_LITERAL = FIRST_D + D_SYMBOLS;
