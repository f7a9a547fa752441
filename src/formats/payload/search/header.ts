import type { Bom } from '../../bom.js';
import { type CpioHeader, decodeName, HEADER_SIZE, MAX_NAME, parseHeader, splitName } from '../../cpio/index.js';
import { kindOf } from '../draft.js';
import { type Place, placeOf } from './order.js';

/** A header found in the middle of a stream. */
export interface FoundHeader extends Place {
  /** Of its first byte in what was looked through. */
  readonly at: number;
}

/** Nothing found, and from where on a header may begin whose end is not at hand. */
export interface NoHeader {
  readonly undecided: number;
}

const MAGIC = Buffer.from('070707', 'latin1');
const SIZE = HEADER_SIZE.odc;

/**
 * The first bytes that can be trusted to be a cpio header (odc): all of its fields are octal, its name ends with NUL, the Bom lists
 * it as what it says it is, with its size, and where its data end another header begins, as far as that is at hand. An archive inside
 * a file may look like that all the same, so nothing but the way there may depend on it.
 */
export function firstHeader(bytes: Buffer, from: number, bom: Bom): FoundHeader | NoHeader {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    if (at + SIZE > bytes.length) return { undecided: at };
    const header = parseHeader('odc', bytes.subarray(at, at + SIZE));
    if ('bad' in header || header.nameSize < 2 || header.nameSize > MAX_NAME) continue;
    const end = at + SIZE + header.nameSize;
    if (end > bytes.length) return { undecided: at };
    const place = trusted(header, bytes.subarray(at + SIZE, end), bom);
    if (!place || !startsHeader(bytes, end + header.size)) continue;
    return { ...place, at };
  }
  // The magic itself may be cut in two.
  return { undecided: Math.max(from, bytes.length - MAGIC.length + 1) };
}

function trusted(header: CpioHeader, name: Buffer, bom: Bom): Place | undefined {
  const text = decodeName(name);
  const path = text === undefined ? undefined : splitName(text);
  const item = path && bom.at(path);
  const kind = kindOf(header.mode);
  if (!item || item.kind !== kind) return undefined;
  if (kind !== 'folder' && item.size !== header.size % 2 ** 32) return undefined;
  return placeOf(
    path.map((part) => part.replaceAll(':', '/')),
    kind === 'file',
  );
}

/** Whether a header may begin at `at`: as many bytes of it as are at hand are right. */
function startsHeader(bytes: Buffer, at: number): boolean {
  if (at >= bytes.length) return true;
  const length = Math.min(MAGIC.length, bytes.length - at);
  return bytes.compare(MAGIC, 0, length, at, at + length) === 0;
}
