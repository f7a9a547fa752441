// npm run bench -- [--scale 0.25] [--runs 3] [--dir DIR]: how long a build takes, beside `cat` of its ISO into a new file.
// Both are measured in the same run, in turn, because absolute times of a shared machine mean little.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { main } from '../src/cli/main.js';
import { makeInstaller } from './installer/index.js';

/** What one process cost. Times in seconds, sizes in bytes. */
interface Cost {
  wall: number;
  cpu: number;
  peakRss: number;
  read: number;
  written: number;
}

if (process.argv[2] === '--one') await one(process.argv.slice(3));
else await bench();

/** Runs the real command line in this process and says on descriptor 3 what it cost. */
async function one(argv: string[]): Promise<void> {
  const start = process.hrtime.bigint();
  process.exitCode = await main(argv);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const io = await readFile('/proc/self/io', 'utf8').catch(() => '');
  const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? Number.NaN);
  const cost: Omit<Cost, 'wall'> = {
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    peakRss: maxRSS * 1024,
    read: field('rchar'),
    written: field('wchar'),
  };
  process.send?.({ ...cost, inner: Number(process.hrtime.bigint() - start) / 1e9 });
}

async function bench(): Promise<void> {
  const options = new Command('bench')
    .option('--scale <number>', 'of the synthetic installer, 0.01 to 1', '0.25')
    .option('--runs <number>', 'of each, after one that is not counted', '3')
    .option('--dir <dir>', 'where installer and ISOs go', join(tmpdir(), 'osx-iso-bench'))
    .parse()
    .opts<{ scale: string; runs: string; dir: string }>();
  const scale = Number(options.scale);
  const dir = join(options.dir, `scale-${scale}`);
  const app = join(dir, 'Install OS X Yosemite.app');
  if (!existsSync(app)) {
    await mkdir(dir, { recursive: true });
    process.stderr.write(`Making an installer of scale ${scale} in ${dir}…\n`);
    await makeInstaller({ directory: dir, scale });
  }
  const iso = join(dir, 'bench.iso');
  const copy = join(dir, 'cat.iso');
  const builds: Cost[] = [];
  const cats: number[] = [];
  for (let i = 0; i <= Number(options.runs); i++) {
    await rm(iso, { force: true });
    const cost = await measureBuild(['build', '--app', app, '-o', iso, '--quiet']);
    await rm(copy, { force: true });
    const seconds = await measureCat(iso, copy);
    process.stderr.write(
      `${i === 0 ? 'warm-up' : `run ${i}`}: build ${cost.wall.toFixed(2)} s, cat ${seconds.toFixed(2)} s\n`,
    );
    if (i === 0) continue;
    builds.push(cost);
    cats.push(seconds);
  }
  const size = (await stat(iso)).size;
  const ratios = builds.map((cost, i) => cost.wall / cats[i]!);
  const row = (name: string, values: number[], unit: string, digits = 2) =>
    process.stdout.write(`${name.padEnd(28)} ${median(values).toFixed(digits).padStart(9)} ${unit}\n`);
  process.stdout.write(`scale ${scale}, ISO ${(size / 1e9).toFixed(2)} GB, ${options.runs} runs, medians\n`);
  row(
    'build, wall',
    builds.map((c) => c.wall),
    's',
  );
  row(
    'build, CPU',
    builds.map((c) => c.cpu),
    's',
  );
  row(
    'build, peak memory',
    builds.map((c) => c.peakRss / 1e6),
    'MB',
    0,
  );
  row(
    'build, bytes read',
    builds.map((c) => c.read / 1e9),
    'GB',
  );
  row(
    'build, bytes written / ISO',
    builds.map((c) => c.written / size),
    '×',
    3,
  );
  row('cat, wall', cats, 's');
  row('build / cat', ratios, '×');
  process.stdout.write(`${''.padEnd(28)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`);
  await rm(copy, { force: true });
}

async function measureBuild(argv: string[]): Promise<Cost> {
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--one', ...argv], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let cost: Omit<Cost, 'wall'> | undefined;
  child.on('message', (message) => {
    cost = message as Omit<Cost, 'wall'>;
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0 || !cost) throw new Error(`the build ended with ${code}`);
  return { ...cost, wall };
}

async function measureCat(from: string, to: string): Promise<number> {
  const start = process.hrtime.bigint();
  const child = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', from, to], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`cat ended with ${code}`);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
