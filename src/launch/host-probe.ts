import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { homedir, release, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ask } from '../host/ask.js';
import { freeSpace } from '../host/free-space.js';
import { unlessStopped } from '../host/unless-stopped.js';
import { capabilitiesOf } from './capabilities.js';
import type { Host, PackageManager } from './host.js';
import { findOvmf } from './ovmf.js';

/** Looks at this computer. Reads only; whatever cannot be read is as if it were not there. The signal ends the waiting for programs. */
export function probeHost(program: string | undefined, signal: AbortSignal): Promise<Host> {
  return unlessStopped(signal, probe(program));
}

async function probe(program: string | undefined): Promise<Host> {
  const { platform, arch } = process;
  const [qemu, qemuImg, kvm, cpu, ignoreMsrs, ovmf, free, apple, smcDriver, packages] = await Promise.all([
    capabilitiesOf(program),
    onPath('qemu-img'),
    kvmState(),
    cpuOf(),
    ignoreMsrsState(),
    findOvmf(),
    roomHere(),
    appleProduct(),
    exists('/sys/bus/platform/drivers/applesmc/applesmc.768'),
    packageManager(),
  ]);
  const screen = screenOf(platform, process.env);
  const kernel = platform === 'linux' ? /^(\d+)\.(\d+)/.exec(release()) : undefined;
  return {
    platform,
    arch,
    ...(kernel && { kernel: [Number(kernel[1]), Number(kernel[2])] as const }),
    ...(packages && { packages }),
    ...(qemu && { qemu }),
    qemuImg,
    kvm,
    cpu,
    ...(ignoreMsrs && { ignoreMsrs }),
    ...(ovmf && { ovmf }),
    free,
    ...(apple !== undefined && { apple }),
    smcDriver,
    root: process.getuid?.() === 0,
    ...(screen !== undefined && { screen }),
    here: (await readdir('.').catch(() => [])).slice(0, MOST_NAMES),
    ...(platform === 'darwin' && {
      mac: { hdiutil: await onPath('hdiutil'), fullDiskAccess: await fullDiskAccess() },
    }),
  };
}

/** The name of this computer where Apple made it, "MacPro6,1". */
export async function appleProduct(): Promise<string | undefined> {
  if (process.platform === 'darwin') return ask`sysctl -n hw.model`;
  const vendor = await text('/sys/class/dmi/id/sys_vendor');
  // "Apple Inc."; older ones "Apple Computer, Inc."
  if (vendor?.startsWith('Apple')) return (await text('/sys/class/dmi/id/product_name')) ?? 'an Apple computer';
  return (await exists('/sys/devices/platform/applesmc.768')) ? 'an Apple computer' : undefined;
}

/** A folder with more names is not one for guests. */
const MOST_NAMES = 10_000;

/** Where a program's window would appear. A Mac has its own place for them. */
function screenOf(platform: NodeJS.Platform, { DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): string | undefined {
  if (platform === 'darwin') return "the Mac's own";
  if (WAYLAND_DISPLAY !== undefined && WAYLAND_DISPLAY !== '') return `Wayland (${WAYLAND_DISPLAY})`;
  return DISPLAY === undefined || DISPLAY === '' ? undefined : `X (${DISPLAY})`;
}

/** What may be done with /dev/kvm. */
export async function kvmState(path = '/dev/kvm'): Promise<Host['kvm']> {
  if (!(await exists(path))) return 'absent';
  return (await may(path, constants.R_OK | constants.W_OK)) ? 'usable' : 'forbidden';
}

async function cpuOf(): Promise<Host['cpu']> {
  if (process.platform === 'darwin') {
    const [vendor, flags] = await Promise.all([ask`sysctl -n machdep.cpu.vendor`, ask`sysctl -n machdep.cpu.features`]);
    const words = (flags ?? '').toLowerCase().replaceAll('.', '_').split(/\s+/);
    return { vendor: vendor ?? 'Apple', flags: new Set(words) };
  }
  return parseCpuInfo((await text('/proc/cpuinfo')) ?? '');
}

/** The first processor of /proc/cpuinfo. */
export function parseCpuInfo(info: string): Host['cpu'] {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1];
  return { vendor: field('vendor_id') ?? 'unknown', flags: new Set((field('flags') ?? '').split(/\s+/)) };
}

async function ignoreMsrsState(): Promise<Host['ignoreMsrs']> {
  const path = '/sys/module/kvm/parameters/ignore_msrs';
  const value = await text(path);
  if (value === undefined) return undefined;
  // Root may open a read-only file of sysfs, but not write to it: the mode tells.
  const { mode } = await stat(path);
  return { on: /^[Y1]/.test(value), writable: (mode & 0o200) !== 0 };
}

async function roomHere(): Promise<Host['free']> {
  // QEMU's own choice for snapshots.
  const temporaryFolder = process.env.TMPDIR ?? '/var/tmp';
  const temporary = await freeSpace(temporaryFolder).catch(() => freeSpace(tmpdir()));
  return { here: await freeSpace('.'), temporary, temporaryFolder };
}

/** A file that nobody can read without the permission. */
async function fullDiskAccess(): Promise<boolean> {
  return may(join(homedir(), 'Library/Application Support/com.apple.TCC/TCC.db'), constants.R_OK);
}

async function packageManager(): Promise<PackageManager | undefined> {
  const tools: readonly [string, PackageManager][] =
    process.platform === 'darwin'
      ? [['brew', 'brew']]
      : [
          ['apt-get', 'apt'],
          ['dnf', 'dnf'],
          ['pacman', 'pacman'],
          ['zypper', 'zypper'],
        ];
  for (const [tool, name] of tools) if (await onPath(tool)) return name;
  return undefined;
}

export async function onPath(name: string): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) if (await may(join(folder, name), constants.X_OK)) return true;
  return false;
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

const exists = (path: string) => may(path, constants.F_OK);

async function text(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (found) => found.trim(),
    () => undefined,
  );
}
