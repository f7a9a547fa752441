import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { readWhole } from '../../src/formats/whole.js';
import { openHostFile } from '../../src/host/host-file.js';
import type { BuildCost, Cost } from './cost.js';
import type { Source } from './installers.js';
import { cool, measureBuild, measureCopy, warm } from './measure.js';

/** A build beside the yardstick, in the same minutes. */
export interface Round {
  readonly build: BuildCost;
  readonly copy: Cost;
  /** The same build with its kernel from a file. */
  readonly given?: BuildCost;
}

export interface Comparison {
  readonly source: Source;
  /** Bytes of the ISO. */
  readonly size: number;
  readonly rounds: readonly Round[];
  /** A build before all others, of an installer that was not in the page cache. */
  readonly cold: BuildCost;
}

/**
 * Builds from a source and copies the result, in turn, `count` times. Both read what is in the page cache already. Before that one build
 * of what is not. `kernel`: and builds with the kernel from a file.
 */
export async function compare(
  source: Source,
  dir: string,
  count: number,
  { kernel }: { readonly kernel: boolean },
): Promise<Comparison> {
  const iso = join(dir, 'bench.iso');
  const copied = join(dir, 'copy.iso');
  const file = join(dir, 'bench.kernel');
  const remove = async (...paths: string[]) => {
    for (const path of paths) await rm(path, { force: true });
  };
  const rounds: Round[] = [];
  const argv = ['build', '--app', source.given, '-o', iso, '--engine', 'native'];
  try {
    await remove(iso, `${iso}.json`);
    await cool(source.files);
    const cold = await measureBuild(argv);
    const { size } = await stat(iso);
    for (let i = 1; i <= count; i++) {
      await remove(iso, `${iso}.json`);
      await warm(source.files);
      const build = await measureBuild(argv);
      await warm([iso]);
      const copy = await measureCopy(iso, copied);
      await remove(copied);
      let given: BuildCost | undefined;
      if (kernel) {
        if (i === 1) await takeKernel(iso, file);
        await remove(iso, `${iso}.json`);
        await warm(source.files);
        given = await measureBuild([...argv, '--kernel', file]);
      }
      rounds.push({ build, copy, ...(given && { given }) });
      process.stderr.write(`${source.name}, ${i}: ${build.wall.toFixed(2)} s, a copy ${copy.wall.toFixed(2)} s\n`);
    }
    return { source, size, rounds, cold };
  } finally {
    await remove(iso, `${iso}.json`, copied, file);
  }
}

/** The kernel of a finished ISO, as a file. */
async function takeKernel(iso: string, to: string): Promise<void> {
  const file = await openHostFile(iso);
  try {
    const { volume } = await openVolume(await openDisk(file));
    const kernel =
      (await volume.file(['System', 'Library', 'Kernels', 'kernel'])) ?? (await volume.file(['mach_kernel']));
    await writeFile(to, await readWhole(kernel!, { what: 'kernel', most: 256 << 20 }));
  } finally {
    await file.close();
  }
}
