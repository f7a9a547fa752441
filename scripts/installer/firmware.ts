import type { Contents } from './content.js';
import { withHead } from './content.js';
import { EntryList, type MadeEntry } from './entries.js';
import { seedFor } from './random.js';

/** A DER sequence that begins with the IA5String "IM4P": how signed firmware starts. */
const IM4P = Buffer.from('3083ffffff1604494d3450', 'hex');
const HOME = ['usr', 'standalone', 'firmware', 'iBridge1_1Customer.bundle', 'Contents', 'Resources'];

/** What 10.12's EmbeddedOSFirmware.pkg has: files named .dmg that are no disk images. */
export function firmwarePayload(name: string, bytes: number, contents: Contents, seed: number): MadeEntry[] {
  const list = new EntryList(seedFor(seed, name));
  for (const image of ['058-42218-001.dmg', '058-42263-001.dmg']) {
    list.file([...HOME, image], withHead(IM4P, contents.file(`${name} ${image}`, Math.floor(bytes / 2), 'noise')));
  }
  return list.entries;
}
