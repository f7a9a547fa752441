import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InUseError } from '../errors.js';
import { ActError, act } from '../host/act.js';
import { ask } from '../host/ask.js';

/** Milliseconds that qemu-img may take to read a header, and to end when it is told to. */
const PATIENCE = 15_000;
const HURRY = 1000;

/** The refusal to change what another process uses. */
export function inUse(path: string, why: string, cause?: unknown): InUseError {
  return new InUseError(`${path} is in use: ${why}.`, {
    hint: 'Shut the guest down (or detach the image) and try again: two writers destroy a disk.',
    ...(cause !== undefined && { cause }),
  });
}

/** Whether QEMU's words mean that another process has locked the image. */
export function lockMessage(words: string): boolean {
  return /Failed to get .*lock|Is another process using the image/i.test(words);
}

/**
 * Throws InUseError when anybody else uses a raw image: a lock on it, a process that has it open, a loop device over it, a lock QEMU
 * can see. What the host does not let us see cannot be refused. `blocks` is another folder in tests.
 */
export async function refuseInUse(
  path: string,
  signal: AbortSignal,
  { blocks = '/sys/block' }: { readonly blocks?: string } = {},
): Promise<void> {
  // The kernel names a loop device's file without any link.
  const file = await realpath(path).catch(() => resolve(path));
  const seen = (await lockedBy(file)) ?? (await loopOver(file, blocks)) ?? (await openedBy(file));
  const why = seen ?? (await lockedForQemu(file, signal));
  if (why !== undefined) throw inUse(path, why);
}

/** /proc/locks: "1: OFDLCK ADVISORY READ -1 08:01:1234 100 101"; device numbers in hexadecimal. */
async function lockedBy(file: string): Promise<string | undefined> {
  const { dev, ino } = await stat(file);
  const text = await readFile('/proc/locks', 'latin1').catch(() => '');
  const [major, minor] = [deviceMajor(dev), deviceMinor(dev)];
  for (const line of text.split('\n')) {
    const match = /^\d+: (\w+) +\w+ +\w+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line);
    if (!match || Number(match[5]) !== ino) continue;
    if (Number.parseInt(match[3]!, 16) !== major || Number.parseInt(match[4]!, 16) !== minor) continue;
    const pid = Number(match[2]);
    return pid > 0 ? `process ${pid} holds a lock on it` : 'a process holds a lock on it';
  }
  return undefined;
}

/** As in makedev(3). */
function deviceMajor(dev: number): number {
  return Number(((BigInt(dev) >> 8n) & 0xfffn) | ((BigInt(dev) >> 32n) & 0xffff_f000n));
}

function deviceMinor(dev: number): number {
  return Number((BigInt(dev) & 0xffn) | ((BigInt(dev) >> 12n) & 0xffff_ff00n));
}

async function loopOver(file: string, blocks: string): Promise<string | undefined> {
  const devices = await readdir(blocks).catch(() => []);
  for (const device of devices.filter((name) => name.startsWith('loop'))) {
    const backing = await readFile(`${blocks}/${device}/loop/backing_file`, 'utf8').catch(() => '');
    if (backing.trimEnd() === file) return `it is attached as /dev/${device}`;
  }
  return undefined;
}

/** Only the processes this user may look into are seen. */
async function openedBy(file: string): Promise<string | undefined> {
  const processes = await readdir('/proc').catch(() => []);
  if (process.platform !== 'linux') {
    const pids = await ask`lsof -t -- ${file}`;
    const other = pids?.split('\n').find((pid) => Number(pid) !== process.pid);
    return other === undefined ? undefined : `process ${other} has it open`;
  }
  const wanted = await stat(file);
  for (const pid of processes.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of descriptors) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      // Most are sockets and pipes; the rest is told by device and inode, because a file has many paths.
      if (!link.startsWith('/')) continue;
      const there = link === file ? wanted : await stat(`/proc/${pid}/fd/${fd}`).catch(() => undefined);
      if (there?.ino !== wanted.ino || there.dev !== wanted.dev) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
      return `process ${pid}${name === '' ? '' : ` (${name})`} has it open`;
    }
  }
  return undefined;
}

/** QEMU sees locks that are not in our /proc, those of other hosts on a shared disk among them. */
async function lockedForQemu(file: string, signal: AbortSignal): Promise<string | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  try {
    await act('qemu-img', ['info', '-f', 'raw', file], { signal: patience, grace: HURRY });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ActError && lockMessage(error.lines.join('\n'))) return 'QEMU holds a lock on it';
  }
  return undefined;
}
