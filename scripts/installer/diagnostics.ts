import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { chunkUp, writeChunklist } from '../../src/formats/chunklist.js';
import { uuidSeed } from './base.js';
import type { Contents } from './content.js';
import { appendDmg } from './dmg.js';
import { EntryList } from './entries.js';
import { seedFor } from './random.js';
import type { Settings } from './settings.js';

/** Bytes of a real one. */
const BYTES = 2_900_000;

/** AppleDiagnostics.dmg and its chunklist: beside BaseSystem.dmg in real installers, copied by no recipe. Made in memory. */
export async function makeDiagnostics(settings: Settings, contents: Contents): Promise<Map<string, ByteSource>> {
  const seed = seedFor(settings.seed, 'diagnostics');
  const list = new EntryList(seed);
  const size = Math.max(10_000, Math.round(BYTES * settings.scale));
  list.file(['System', 'Library', 'CoreServices', '.diagnostics', 'diags.efi'], contents.file('diags', size, 'noise'));
  const parts: Uint8Array[] = [];
  const volume = { name: 'AppleDiagnostics', entries: list.entries, uuidSeed: uuidSeed(seed, 'diagnostics') };
  await appendDmg('AppleDiagnostics.dmg', { volume, map: 'gpt', seed, report: () => {} }, async (bytes) => {
    parts.push(bytes);
  });
  const image = fromBytes(Buffer.concat(parts), 'AppleDiagnostics.dmg');
  const chunklist = writeChunklist(await chunkUp(image));
  return new Map([
    ['AppleDiagnostics.dmg', image],
    ['AppleDiagnostics.chunklist', fromBytes(chunklist, 'AppleDiagnostics.chunklist')],
  ]);
}
