// npm run bench -- [--scale 0.25] [--release 10.10] [--deep] [--rounds 3]: what a build costs, beside a plain copy of its result; with
// --remote from a server, beside one from the file. All of it: npm run bench -- --all --scale 1 --steps --kernel
// Both are measured in turn, because absolute times of a shared machine mean little.
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ReleaseName } from '../installer/index.js';
import { scale } from '../scale.js';
import { type Comparison, compare } from './compare.js';
import { compareDecoders } from './decoders.js';
import { appIn, deepIn, type Source } from './installers.js';
import { compareRemote, remoteReport } from './remote.js';
import { heading, stepTable, table } from './tables.js';

/** One for each coding of the packages and place of the kernel: bzip2; pbzx; pbzx, with a package of 10.8 GB. */
const RELEASES = ['10.9', '10.10', '10.12'] as const;
const DEEP = '10.10';

interface Options {
  readonly scale: number;
  readonly release?: ReleaseName;
  readonly deep?: true;
  readonly remote?: true;
  readonly all?: true;
  readonly rounds: number;
  readonly steps?: true;
  readonly kernel?: true;
  readonly decoders?: true;
  readonly dir: string;
}

const options = new Command('bench')
  .description(
    'Builds ISOs from made-up installers, whose packages are really compressed, beside plain copies of them.',
  )
  .addOption(
    new Option(
      '--scale <number>',
      'of the installers; 1: real sizes, which take some 25 minutes a release to make, once, and 30 GB; a quarter takes a quarter',
    )
      .argParser(scale)
      .default(0.25),
  )
  .addOption(new Option('--release <release>', 'this one only (default: all)').choices(RELEASES))
  .option('--deep', `only ${DEEP} as InstallMacOSX.dmg: a disk image with a package with InstallESD.dmg`)
  .option(
    '--remote',
    `only ${DEEP} as InstallMacOSX.dmg, from its file and over HTTP from this machine; once over a slow line`,
  )
  .option('--all', `all releases, ${DEEP} in the two forms above as well, and as app at a quarter of the scale`)
  .option('--rounds <number>', 'of each; the table has medians', rounds, 3)
  .option('--steps', 'also what each step took')
  .option('--kernel', 'each build also with the kernel from a file: what finding it costs')
  .option('--decoders', 'only the decoders of packages, beside xz and bzip2')
  .option('--dir <dir>', 'where installers and ISOs go', join(tmpdir(), 'osx-iso-bench'))
  .parse()
  .opts<Options>();

await mkdir(options.dir, { recursive: true });
if (options.all) {
  await compareAll();
  process.stdout.write('\n');
  await overNetwork();
} else if (options.remote) await overNetwork();
else if (options.decoders) {
  const lines = await compareDecoders(options.dir, options.scale, options.rounds);
  process.stdout.write(`${heading(options.scale, options.rounds)}\n\n${lines}`);
} else await compareAll();

async function overNetwork(): Promise<void> {
  const source = await deepIn(options.dir, DEEP, options.scale);
  const comparison = await compareRemote(source, options.dir, options.rounds, { slow: true });
  process.stdout.write(`${heading(options.scale, options.rounds)}\n\n${remoteReport(comparison)}`);
}

async function compareAll(): Promise<void> {
  const comparisons: Comparison[] = [];
  for await (const source of sources(options)) {
    comparisons.push(await compare(source, options.dir, options.rounds, { kernel: options.kernel ?? false }));
  }
  process.stdout.write(`${heading(options.scale, options.rounds)}\n\n${table(comparisons)}`);
  if (options.steps) for (const comparison of comparisons) process.stdout.write(`\n${stepTable(comparison)}`);
}

/** What is built from. A way to get installers that is not on this machine's disk has its file beside installers.ts. */
async function* sources({ dir, scale, release, deep, all }: Options): AsyncGenerator<Source> {
  if (!deep) for (const one of release ? [release] : RELEASES) yield await appIn(dir, one, scale);
  if (deep || all) yield await deepIn(dir, DEEP, scale);
  if (!all) return;
  const quarter = await appIn(dir, DEEP, scale / 4);
  yield { ...quarter, name: `${quarter.name}, ${scale / 4}` };
}

function rounds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1.');
  return value;
}
