/** Undoes the delta filter in place: each byte was stored as its difference from the one `distance` (1-256) before. */
export function undoDelta(bytes: Uint8Array, distance: number): void {
  for (let at = distance, from = 0; at < bytes.length; at++, from++) bytes[at] = bytes[at]! + bytes[from]!;
}

/** By the opcodes seen in the last three bytes (bit 0 the nearest): may this one be a call, and which byte decides it. */
const MAY_FOLLOW = [true, true, true, false, true, false, false, false];
const DECIDING = [0, 1, 2, 2, 3, 3, 3, 3];

/**
 * Undoes the x86 filter in place: the operand of CALL (E8) and JMP (E9) was stored as an absolute address, so that equal targets
 * look equal. `start` is the address of the first byte. Only operands whose top byte is 00 or FF were changed. Opcode-like bytes
 * inside an earlier operand make a place doubtful; the filter keeps track of the last three bytes to decide as its encoder did.
 * Source: the BCJ x86 filter of the LZMA SDK and XZ Embedded (public domain).
 */
export function undoX86(bytes: Uint8Array, start: number): void {
  convertX86(bytes, start, -1);
}

/** Puts the x86 filter on, in place: what undoX86 undoes. */
export function applyX86(bytes: Uint8Array, start: number): void {
  convertX86(bytes, start, 1);
}

function convertX86(bytes: Uint8Array, start: number, sign: 1 | -1): void {
  const last = bytes.length - 5;
  let seen = 0;
  let before = -1;
  for (let at = 0; at <= last; at++) {
    if ((bytes[at]! & 0xfe) !== 0xe8) continue;
    const gap = at - before;
    before = at;
    seen = gap > 3 ? 0 : (seen << (gap - 1)) & 7;
    if (seen !== 0 && (!MAY_FOLLOW[seen] || isSign(bytes[at + 4 - DECIDING[seen]!]!))) {
      seen = (seen << 1) | 1;
      continue;
    }
    if (!isSign(bytes[at + 4]!)) {
      seen = (seen << 1) | 1;
      continue;
    }
    const stored = bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 24);
    const next = start + at + 5;
    let target = (stored + sign * next) | 0;
    if (seen !== 0) {
      const bits = 8 * DECIDING[seen]!;
      if (isSign((target >>> (24 - bits)) & 0xff)) {
        target = ((target ^ ((1 << (32 - bits)) - 1)) + sign * next) | 0;
      }
    }
    // 25 bits with their sign.
    target = (target << 7) >> 7;
    bytes[at + 1] = target;
    bytes[at + 2] = target >> 8;
    bytes[at + 3] = target >> 16;
    bytes[at + 4] = target >> 24;
    at += 4;
  }
}

const isSign = (byte: number) => byte === 0 || byte === 0xff;
