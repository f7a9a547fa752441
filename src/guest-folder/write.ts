import { join } from 'node:path';
import type { Journal } from '../core/journal.js';
import { replaceFile } from '../core/replace-file.js';
import { StepError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { GUEST_FILE, type Guest } from './guest.js';
import { type GuestFolder, guestText, parseGuest } from './read.js';

/** Puts another description in the place of a guest's: there is always the old one or the new one, whole, and never one that cannot be read. */
export async function writeGuest(folder: GuestFolder, guest: Guest, journal: Journal): Promise<GuestFolder> {
  const file = join(folder.path, GUEST_FILE);
  const text = guestText(guest);
  parseGuest(text, join(folder.name, GUEST_FILE));
  try {
    await replaceFile(file, Buffer.from(text), { journal });
  } catch (error) {
    throw hostError(error, join(folder.name, GUEST_FILE), StepError);
  }
  return { ...folder, guest };
}
