// What LZMA's reader and writer share: the model of probabilities, one for each bit that can be coded. Source: the LZMA specification
// in Igor Pavlov's LZMA SDK (public domain).

export const STATES = 12;
export const POS_STATES = 16;
/** Probabilities are 11 bits wide; each bit seen moves one by 1/32 of the way. */
export const ONE = 2048;
export const MOVE = 5;
/** Below this the range is widened by the next input byte. */
export const TOP = 1 << 24;

/** Shortest match, and the distances with a model of their own. */
export const MIN_MATCH = 2;
export const LENGTH_STATES = 4;
export const FIRST_MODEL_SLOT = 4;
export const END_MODEL_SLOT = 14;
const FULL_DISTANCES = 128;
export const ALIGN_BITS = 4;

/** A length coder: choice, choice 2, then trees of 8, 8 (one for each position state) and 256. */
export const LEN_LOW = 2;
export const LEN_MID = LEN_LOW + POS_STATES * 8;
export const LEN_HIGH = LEN_MID + POS_STATES * 8;
const LEN_PROBS = LEN_HIGH + 256;

/** Places in the array of probabilities. */
export const IS_MATCH = 0;
export const IS_REP = IS_MATCH + STATES * POS_STATES;
export const IS_REP_G0 = IS_REP + STATES;
export const IS_REP_G1 = IS_REP_G0 + STATES;
export const IS_REP_G2 = IS_REP_G1 + STATES;
export const IS_REP0_LONG = IS_REP_G2 + STATES;
export const SLOT = IS_REP0_LONG + STATES * POS_STATES;
/** Reverse trees of the slots 4 to 13; the tree of a slot whose distances start at b starts at SPECIAL + b - slot. */
export const SPECIAL = SLOT + LENGTH_STATES * 64;
export const ALIGN = SPECIAL + FULL_DISTANCES - END_MODEL_SLOT + 1;
export const LENGTH = ALIGN + (1 << ALIGN_BITS);
export const REP_LENGTH = LENGTH + LEN_PROBS;
export const LITERAL = REP_LENGTH + LEN_PROBS;
/** LZMA2 allows lc + lp up to 4. */
export const PROBS = LITERAL + (0x300 << 4);
