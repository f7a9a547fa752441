import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BuildCost, Cost } from './cost.js';

const ONE = fileURLToPath(new URL('./one.js', import.meta.url));

/** Runs the command line in a process of its own. Throws where it does not end with 0. */
export async function measureBuild(argv: readonly string[]): Promise<BuildCost> {
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, [ONE, ...argv], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let cost: Omit<BuildCost, 'wall'> | undefined;
  child.on('message', (message) => {
    cost = message as Omit<BuildCost, 'wall'>;
  });
  const code = await ended(child);
  const wall = secondsSince(start);
  if (code !== 0 || !cost) throw new Error(`osx-iso ${argv.join(' ')}: expected exit code 0, found ${code}`);
  return { ...cost, wall };
}

/**
 * The yardstick: a plain copy of a file into a new one, durable like a build's result. Its source is in the page cache as far as
 * there is room for it, see `warm`.
 */
export async function measureCopy(from: string, to: string): Promise<Cost> {
  return measureShell('dd if="$1" of="$2" bs=4M conv=fsync 2>/dev/null', [from, to]);
}

/** Runs a line of a shell, which finds `args` as "$1" and so on. Throws where its status is not 0. */
export async function measureShell(
  line: string,
  args: readonly string[],
  { anyStatus = false }: { readonly anyStatus?: boolean } = {},
): Promise<Cost> {
  const start = process.hrtime.bigint();
  // The shell's builtin tells the time its children took.
  const script = `${line}${anyStatus ? ';' : ' &&'} times`;
  const child = spawn('sh', ['-c', script, 'sh', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await ended(child);
  const wall = secondsSince(start);
  if (code !== 0) throw new Error(`${line}: expected exit code 0, found ${code}`);
  return { wall, cpu: childrenSeconds(said) };
}

/** Reads files once, so that what comes next finds them in the page cache. */
export async function warm(paths: readonly string[]): Promise<void> {
  const code = await ended(spawn('cat', [...paths], { stdio: ['ignore', 'ignore', 'inherit'] }));
  if (code !== 0) throw new Error(`cat ${paths.join(' ')}: expected exit code 0, found ${code}`);
}

/** Has the system forget what it has of files in the page cache, where it can be asked to (GNU dd). */
export async function cool(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await ended(spawn('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })).catch(() => undefined);
  }
}

/** POSIX `times`: user and system time, in the second line those of the children ("0m0.010s 0m1.270s"). */
function childrenSeconds(said: string): number {
  const [, children = ''] = said.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
}

function secondsSince(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e9;
}
