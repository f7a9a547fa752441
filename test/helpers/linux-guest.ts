import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CpioInput, writeCpio } from '../../src/formats/cpio/index.js';
import { find } from './judges/needs.js';

// A guest that does what no stand-in for OS X does: it has a network card, a server on port 22, and hears its power button. Debian's
// kernel, busybox, and an initrd that our own writer of cpio archives makes: the kernel is its judge, too.

/** What the guest's server says first: it is taken for ssh's, and then gives back what it is given. */
export const BANNER = 'SSH-2.0-guest';
/** What it writes to the serial port when it is up, and when it turns itself off. */
export const UP = 'guest up';
export const OFF = 'guest off';
/** A word of the kernel's command line: the power button is not heard. */
export const DEAF = 'deaf';

const APPLETS = [
  'cat',
  'echo',
  'grep',
  'head',
  'ifconfig',
  'insmod',
  'mount',
  'nc',
  'poweroff',
  'printf',
  'sh',
  'sleep',
];
const MODULES = ['virtio_pci', 'virtio_net', 'button', 'evdev'];

const init = (modules: readonly string[]) => `#!/bin/sh
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
mount -t proc proc /proc
for module in ${modules.join(' ')}; do insmod /$module; done
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
nc -ll -p 22 -e /server &
grep -q ${DEAF} /proc/cmdline || for input in /sys/class/input/event*; do
  grep -q Power $input/device/name && { head -c 1 /dev/input/\${input##*/} >/pressed; echo ${OFF}; poweroff -f; } &
done
echo ${UP}
exec sleep 100000
`;
const server = `#!/bin/sh\nprintf '${BANNER}\\r\\n'\nexec cat\n`;

/** The kernel. */
export const linuxKernel = (): string => find('/boot/vmlinuz-*-cloud-amd64')!;

/** Words for the kernel: what it says goes to the serial port, and it does not wait for what is not there. */
export const LINUX_WORDS = 'console=ttyS0 quiet nokaslr mitigations=off';

/** Writes the guest's initrd. */
export async function makeInitrd(path: string): Promise<void> {
  const modules = modulesOf(basename(linuxKernel()).replace('vmlinuz-', ''));
  const names = modules.map((file) => basename(file).replace(/\.xz$/, ''));
  const parts: Uint8Array[] = [];
  for await (const part of writeCpio(entries(modules, names), 'newc')) parts.push(part);
  writeFileSync(path, Buffer.concat(parts));
}

function* entries(modules: readonly string[], names: readonly string[]): Generator<CpioInput> {
  const file = (name: string, data: Uint8Array, mode = 0o100755) => ({ name, mode, size: data.length, data: [data] });
  for (const name of ['bin', 'dev', 'proc', 'sys']) yield { name, mode: 0o040755, nlink: 2 };
  yield file('bin/busybox', readFileSync(find('/bin/busybox')!));
  for (const name of APPLETS) yield file(`bin/${name}`, Buffer.from('busybox'), 0o120777);
  for (const [i, module] of modules.entries()) yield file(names[i]!, plain(module), 0o100644);
  yield file('server', Buffer.from(server));
  yield file('init', Buffer.from(init(names)));
}

/** The files of the modules, each behind those it needs. Debian 13 has them compressed. */
function modulesOf(version: string): string[] {
  const folder = `/lib/modules/${version}`;
  const needed = new Map<string, readonly string[]>();
  for (const line of readFileSync(join(folder, 'modules.dep'), 'utf8').split('\n')) {
    const [file = '', rest = ''] = line.split(':');
    // modprobe(8) takes them from the end.
    needed.set(file, rest.trim().split(' ').filter(Boolean).reverse());
  }
  const wanted = new Set<string>();
  for (const name of MODULES) {
    const file = [...needed.keys()].find((path) => basename(path).replace(/\.ko(\.xz)?$/, '') === name);
    // Built in.
    if (file !== undefined) for (const path of [...needed.get(file)!, file]) wanted.add(join(folder, path));
  }
  return [...wanted];
}

function plain(module: string): Uint8Array {
  if (!existsSync(module)) throw new Error(`${module}: named by modules.dep, and not there`);
  return module.endsWith('.xz') ? execFileSync('xz', ['-dc', module], { maxBuffer: 64 << 20 }) : readFileSync(module);
}
