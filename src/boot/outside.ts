import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SourceError, UsageError } from '../errors.js';
import { expectPlace } from '../host/place.js';
import { type DiskInfo, examineDisk, parseSize } from '../launch/disks.js';
import type { Host } from '../launch/host.js';
import { expectReadable } from '../launch/loaders.js';
import { noWindow } from '../launch/needs/display.js';
import type { Missing } from '../launch/needs/missing.js';
import { expectFree } from '../launch/ports.js';
import type { BootOptions } from './options.js';

/** The guest's disks, each looked at; the first may be one that is still to be made. */
export async function findDisks(
  options: BootOptions,
  iso: string | undefined,
  { missing, signal }: { readonly missing: Missing; readonly signal: AbortSignal },
): Promise<{ found: DiskInfo[]; create?: { file: string; size: number } }> {
  const { disks, createDisk: wanted, diskFormat, diskFormats = [], backingOk = [] } = options;
  const size = wanted === undefined ? undefined : parseSize(wanted, '--create-disk');
  const found: DiskInfo[] = [];
  let create: { file: string; size: number } | undefined;
  for (const [i, path] of disks.entries()) {
    const file = resolve(path);
    if (i === 0 && size !== undefined && !(await stat(file).catch(() => undefined))) {
      await missing.of(() => expectPlace('--disk', path));
      create = { file, size };
      found.push({ file, format: 'qcow2', size });
      continue;
    }
    const format = diskFormats[i] ?? diskFormat;
    const look = { backingOk, signal, ...(format !== undefined && { format }) };
    const disk = await missing.of(() => examineDisk(path, look));
    if (!disk) continue;
    found.push(disk);
    if (disk.file === iso) missing.add(new UsageError(`--disk ${path}: this is the installer itself.`, OWN_DISK));
  }
  return { found, ...(create && { create }) };
}

const OWN_DISK = 'The guest has a disk of its own, which is made with it: --disk mac.qcow2 --create-disk 60G';

/** What else a guest takes of this computer: a folder, places for files, and, where it is really started, a window and a VNC port. */
export async function lookOutside(options: BootOptions, host: Host, missing: Missing): Promise<void> {
  const { display, folder, serial, screenshot, dryRun } = options;
  if (folder !== undefined) await missing.of(() => expectFolder(folder));
  if (serial !== undefined) await missing.of(() => expectPlace('--serial', serial, { replace: true }));
  if (screenshot !== undefined) await missing.of(() => expectPlace('--screenshot', screenshot));
  if (dryRun) return;
  if (display?.kind === 'window') missing.add(noWindow(host));
  if (display?.kind === 'vnc')
    await missing.of(() => expectFree(5900 + display.number, `--vnc ${display.number}`, '--vnc N'));
  if (display?.kind === 'web' && display.port !== undefined) {
    const { port } = display;
    await missing.of(() => expectFree(port, `--web ${port}`, '--web'));
  }
}

async function expectFolder(path: string): Promise<void> {
  await expectReadable('--folder ', path);
  if (!(await stat(path)).isDirectory()) throw new SourceError(`--folder ${path}: expected a folder.`);
}
