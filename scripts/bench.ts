// npm run bench -- [--scale 0.25] [--runs 3] [--dir DIR] [--plain | --deep]: how long a build takes, beside `cat` of its ISO into a new file.
// Both are measured in the same run, in turn, because absolute times of a shared machine mean little.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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

/** Bytes. */
const DEEP_MEMORY = 250e6;
/** A manifest, a lock. */
const SMALL = 1e6;

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
    .option('--scale <number>', 'of the synthetic installer, 0.01 to 1 (default: 0.25, with --deep 1)')
    .option('--runs <number>', 'of each, after one that is not counted', '3')
    .option('--dir <dir>', 'where installer and ISOs go', join(tmpdir(), 'osx-iso-bench'))
    .option('--plain', 'also without the look-up of the published checksum, in turn')
    .option(
      '--deep',
      'once, from a disk image with a package with InstallESD.dmg: how much memory and scratch space it takes',
    )
    .parse()
    .opts<Options>();
  const scale = Number(options.scale ?? (options.deep ? 1 : 0.25));
  const dir = join(options.dir, `scale-${scale}`);
  await mkdir(dir, { recursive: true });
  if (options.deep) await deep(dir, scale);
  else await compare(dir, scale, options);
}

interface Options {
  readonly scale?: string;
  readonly runs: string;
  readonly dir: string;
  readonly plain?: boolean;
  readonly deep?: boolean;
}

async function compare(dir: string, scale: number, { runs, plain }: Options): Promise<void> {
  const app = await installerIn(dir, scale, 'Install OS X Yosemite.app', 'app');
  const iso = join(dir, 'bench.iso');
  const copy = join(dir, 'cat.iso');
  const builds: Cost[] = [];
  const plains: Cost[] = [];
  const cats: number[] = [];
  for (let i = 0; i <= Number(runs); i++) {
    const remove = () => Promise.all([iso, `${iso}.json`, copy].map((path) => rm(path, { force: true })));
    const argv = ['build', '--app', app, '-o', iso, '--quiet'];
    await remove();
    const other = plain ? await measureBuild([...argv, '--no-identify']) : undefined;
    await remove();
    const cost = await measureBuild(argv);
    const seconds = await measureCat(iso, copy);
    const seen = other ? `, with --no-identify ${other.wall.toFixed(2)} s` : '';
    process.stderr.write(
      `${i === 0 ? 'warm-up' : `run ${i}`}: build ${cost.wall.toFixed(2)} s${seen}, cat ${seconds.toFixed(2)} s\n`,
    );
    if (i === 0) continue;
    builds.push(cost);
    if (other) plains.push(other);
    cats.push(seconds);
  }
  const size = (await stat(iso)).size;
  process.stdout.write(`scale ${scale}, ISO ${(size / 1e9).toFixed(2)} GB, ${runs} runs, medians\n`);
  showCosts('build', builds, size);
  row('cat, wall', cats, 's');
  showRatios('build / cat', builds, cats);
  if (plains.length > 0) {
    showCosts('build --no-identify', plains, size);
    showRatios('build --no-identify / cat', plains, cats);
    showRatios(
      'build / build --no-identify',
      builds,
      plains.map(({ wall }) => wall),
    );
  }
  await rm(copy, { force: true });
}

/** The worst form: what Apple's support pages offer. The targets: 250 MB of memory, no scratch space. */
async function deep(dir: string, scale: number): Promise<void> {
  const dmg = await installerIn(dir, scale, 'InstallMacOSX.dmg', 'dmg');
  const out = join(dir, 'deep');
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'tmp'), { recursive: true });
  const iso = join(out, 'deep.iso');
  const most = { scratch: 0 };
  const watch = setInterval(() => {
    // Whatever is made beside the ISO or in the folder for temporary files.
    bytesIn(out, [basename(iso)])
      .then((bytes) => {
        most.scratch = Math.max(most.scratch, bytes);
      })
      .catch(() => undefined);
  }, 250);
  const cost = await measureBuild(['build', '--app', dmg, '-o', iso, '--quiet'], { TMPDIR: join(out, 'tmp') });
  clearInterval(watch);
  const { size } = await stat(iso);
  process.stdout.write(`${basename(dmg)}, ${((await stat(dmg)).size / 1e9).toFixed(2)} GB, scale ${scale}\n`);
  showCosts('build', [cost], size);
  row('scratch space, most', [most.scratch], 'bytes', 0);
  await rm(out, { recursive: true, force: true });
  const within = cost.peakRss <= DEEP_MEMORY && most.scratch < SMALL;
  process.stdout.write(
    within ? 'within the targets\n' : `over the targets of ${DEEP_MEMORY / 1e6} MB and no scratch space\n`,
  );
  if (!within) process.exitCode = 1;
}

/** Bytes of the files in a folder, without those that the ISO is written to. */
async function bytesIn(folder: string, without: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || without.some((name) => entry.name.includes(name))) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += (found?.blocks ?? 0) * 512;
  }
  return bytes;
}

/** Makes the installer, once. */
async function installerIn(dir: string, scale: number, name: string, form: 'app' | 'dmg'): Promise<string> {
  const path = join(dir, name);
  if (existsSync(path)) return path;
  process.stderr.write(`Making an installer of scale ${scale} in ${dir}…\n`);
  return (await makeInstaller({ directory: dir, scale, form })).app;
}

function showCosts(name: string, costs: readonly Cost[], size: number): void {
  row(
    `${name}, wall`,
    costs.map((c) => c.wall),
    's',
  );
  row(
    `${name}, CPU`,
    costs.map((c) => c.cpu),
    's',
  );
  row(
    `${name}, peak memory`,
    costs.map((c) => c.peakRss / 1e6),
    'MB',
    0,
  );
  row(
    `${name}, bytes read`,
    costs.map((c) => c.read / 1e9),
    'GB',
  );
  row(
    `${name}, written / ISO`,
    costs.map((c) => c.written / size),
    '×',
    3,
  );
}

function showRatios(name: string, costs: readonly Cost[], others: readonly number[]): void {
  const ratios = costs.map((cost, i) => cost.wall / others[i]!);
  row(name, ratios, '×');
  process.stdout.write(`${''.padEnd(32)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`);
}

function row(name: string, values: readonly number[], unit: string, digits = 2): void {
  process.stdout.write(`${name.padEnd(32)} ${median(values).toFixed(digits).padStart(9)} ${unit}\n`);
}

async function measureBuild(argv: string[], env: Readonly<Record<string, string>> = {}): Promise<Cost> {
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--one', ...argv], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
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
