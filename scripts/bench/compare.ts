import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildCost, Cost } from './cost.js';
import type { Source } from './installers.js';
import { measureBuild, measureCopy, warm } from './measure.js';

/** A build beside the yardstick, in the same minutes. */
export interface Round {
  readonly build: BuildCost;
  readonly copy: Cost;
}

export interface Comparison {
  readonly source: Source;
  /** Bytes of the ISO. */
  readonly size: number;
  readonly rounds: readonly Round[];
}

/** Builds from a source and copies the result, in turn, `count` times. Both read what is in the page cache already. */
export async function compare(source: Source, dir: string, count: number): Promise<Comparison> {
  const iso = join(dir, 'bench.iso');
  const copied = join(dir, 'copy.iso');
  const remove = async (...paths: string[]) => {
    for (const path of paths) await rm(path, { force: true });
  };
  const rounds: Round[] = [];
  let size = 0;
  try {
    for (let i = 1; i <= count; i++) {
      await remove(iso, `${iso}.json`);
      await warm(source.files);
      const build = await measureBuild(['build', '--app', source.given, '-o', iso, '--engine', 'native']);
      size = (await stat(iso)).size;
      await warm([iso]);
      const copy = await measureCopy(iso, copied);
      await remove(copied);
      rounds.push({ build, copy });
      process.stderr.write(`${source.name}, ${i}: ${build.wall.toFixed(2)} s, a copy ${copy.wall.toFixed(2)} s\n`);
    }
  } finally {
    await remove(iso, `${iso}.json`, copied);
  }
  return { source, size, rounds };
}
