import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { chunkUp, writeChunklist } from '../../src/formats/chunklist.js';
import { openHostFile } from '../../src/host/host-file.js';
import { BOOT_EFI, baseTree, CORE_SERVICES } from './base-tree.js';
import type { Contents } from './content.js';
import { type Report, writeDmg } from './dmg.js';
import type { MadeEntry } from './entries.js';
import { seedFor } from './random.js';
import type { Settings } from './settings.js';

/** BaseSystem.dmg in a host file, and what is on it. */
export interface MadeBase {
  readonly entries: readonly MadeEntry[];
  /** BaseSystem.dmg and BaseSystem.chunklist, with the faults that were asked for. */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** Removes the file unless it is to be kept where it is. */
  close(options: { readonly keep: boolean }): Promise<void>;
}

/** Writes BaseSystem.dmg (and its chunklist) into a folder. */
export async function makeBase(
  folder: string,
  settings: Settings,
  contents: Contents,
  report: Report,
): Promise<MadeBase> {
  const { release, faults, seed } = settings;
  report({ what: 'BaseSystem.dmg', done: 0, total: 1 });
  const entries = await baseTree({ ...settings, contents });
  const path = join(folder, 'BaseSystem.dmg');
  await writeDmg(path, {
    volume: {
      name: release.baseVolume,
      entries,
      caseSensitive: faults.baseVolume === 'hfsx',
      blessed: { folder: CORE_SERVICES, file: BOOT_EFI },
      uuidSeed: uuidSeed(seed, 'base'),
      ...(faults.baseJournal ? { journal: faults.baseJournal } : {}),
    },
    map: faults.baseMap ?? release.baseMap,
    pastEnd: faults.pastEnd ?? false,
    runSectors: release.baseRuns,
    seed: seedFor(seed, 'BaseSystem.dmg'),
    report,
  });
  const file = await openHostFile(path);
  try {
    const chunklist = writeChunklist(await chunkUp(file));
    if (faults.damagedChunk) await damage(path, faults.damagedChunk);
    const files = new Map<string, ByteSource>([['BaseSystem.dmg', file]]);
    if (faults.chunklist !== 'missing') files.set('BaseSystem.chunklist', fromBytes(chunklist, 'BaseSystem.chunklist'));
    if (faults.chunklist !== 'missing') await writeFile(join(folder, 'BaseSystem.chunklist'), chunklist);
    return {
      entries,
      files,
      close: async ({ keep }) => {
        await file.close();
        if (keep) return;
        await rm(path, { force: true });
        await rm(join(folder, 'BaseSystem.chunklist'), { force: true });
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** 8 bytes that differ from volume to volume. */
export function uuidSeed(seed: number, volume: string): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(seedFor(seed, `${volume} uuid 1`), 0);
  bytes.writeUInt32BE(seedFor(seed, `${volume} uuid 2`), 4);
  return bytes;
}

/** Changes one byte of a file: in the middle of the data, or in the trailer's UUID, which no reader looks at. */
async function damage(path: string, where: 'data' | 'trailer'): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const offset = where === 'data' ? Math.floor(size / 3) : size - 512 + 64;
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 0x55), 0, 1, offset);
  } finally {
    await file.close();
  }
}
