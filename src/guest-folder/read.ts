import { join, resolve } from 'node:path';
import { SourceError } from '../errors.js';
import { GUEST_DESCRIPTION } from '../host/own-files.js';
import { quoteFile } from '../host/quote.js';
import { readHostFile } from '../host/read-file.js';
import { GUEST_FILE, type Guest } from './guest.js';
import { JsonFault, readLocated } from './located-json.js';
import { GUEST } from './schema.js';
import type { Misfit } from './shape.js';

/** A guest and where it is. */
export interface GuestFolder {
  /** As it was typed: what messages call it, and what is typed again. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly guest: Guest;
}

/** Misfits that are told at once. */
const TOLD = 10;

/** Reads the guest of a folder. SourceError that says file, line, field, expected and found for whatever is wrong in its description. */
export async function readGuest(folder: string): Promise<GuestFolder> {
  const file = join(folder, GUEST_FILE);
  const text = Buffer.from(await readHostFile(file, GUEST_DESCRIPTION)).toString('utf8');
  return { name: folder, path: resolve(folder), guest: parseGuest(text, file) };
}

/** The guest that a text describes; `file` is what errors call it. */
export function parseGuest(text: string, file: string): Guest {
  const misfits: Misfit[] = [];
  let guest: Guest | undefined;
  try {
    // Editors of other systems begin a file with a mark.
    guest = GUEST.read(readLocated(text.replace(/^\ufeff/, '')), '', (misfit) => misfits.push(misfit));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new SourceError(`${file}, ${error.message}.`, { hint: hintFor(file) });
  }
  if (guest && misfits.length === 0) return guest;
  const lines = misfits
    .slice(0, TOLD)
    .map(
      ({ line, field, expected, found }) => `${file}, line ${line}, ${field}: expected ${expected}, found ${found}.`,
    );
  if (misfits.length > TOLD) lines.push(`And ${misfits.length - TOLD} more.`);
  throw new SourceError(lines.join('\n'), { hint: hintFor(file) });
}

function hintFor(file: string): string {
  return `Correct it with an editor: ${quoteFile(file)}`;
}

/** The description of a guest as it is written. */
export function guestText(guest: Guest): string {
  return `${JSON.stringify(guest, null, 2)}\n`;
}
