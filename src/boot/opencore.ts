import { createHash } from 'node:crypto';
import { chmod, copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeOwnFolder } from '../core/own-folder.js';
import type { Deferred, Scope } from '../core/scope.js';
import { uuidOf } from '../formats/uuid.js';
import type { Choice, Machine } from '../launch/machine.js';
import type { Profile } from '../launch/profiles.js';
import { type Esp, gatherEsp, writeEsp } from '../opencore/index.js';
import type { BootOptions } from './options.js';

/** What the loader's disk is called until it is made: a file in the current folder, which nobody makes there unasked. */
export const LOADER_FILE = 'opencore.img';

/** The loader's disk, gathered, and as what the machine has it. */
export interface OpenCoreDisk extends Required<Pick<Choice, 'loaderDisk'>> {
  readonly esp: Esp;
  readonly espCommand: readonly string[];
}

/** Gathers OpenCore, or a folder EFI, for a guest. Errors as `gatherEsp` has them. */
export async function openCoreDisk(
  options: BootOptions,
  { release }: Profile,
  signal: AbortSignal,
): Promise<OpenCoreDisk> {
  const { opencore: openCore, efi, kext: kexts = [], config, ocSet: set = [], disks } = options;
  const [disk] = disks;
  const systemUuid = options.uuid?.toUpperCase() ?? (disk === undefined ? undefined : guestUuid(resolve(disk)));
  const esp = await gatherEsp({ openCore, efi, kexts, config, set, release, systemUuid }, { signal });
  const option = (name: string, values: readonly string[]) => values.flatMap((value) => [name, value]);
  const given = (name: string, value: string | undefined) => option(name, value === undefined ? [] : [value]);
  const espCommand = [
    ...['opencore', 'esp', LOADER_FILE],
    ...given('--zip', openCore),
    ...given('--efi', efi),
    ...(openCore === undefined ? [] : ['--release', release]),
    ...given('--config', config),
    ...option('--kext', kexts),
    ...option('--set', set),
  ];
  return { esp, espCommand, loaderDisk: { file: resolve(LOADER_FILE), format: 'raw' } };
}

/** The number of a guest that keeps none: the same each time it is started, and no other guest's. */
function guestUuid(disk: string): string {
  return uuidOf(createHash('sha1').update(`osx-iso guest ${disk}`).digest(), 5);
}

/** The machine with files of its own: its loader's disk, and variables of its firmware where the user keeps none. */
export async function ownFiles(
  machine: Machine,
  esp: Esp,
  { signal, scope }: { readonly signal: AbortSignal; readonly scope: Scope },
): Promise<Deferred & { readonly machine: Machine }> {
  const folder = await makeOwnFolder(scope, "remove the folder of the guest's loader");
  try {
    const file = join(folder.path, LOADER_FILE);
    await writeEsp(file, esp, { signal, scope });
    const { firmware, disks } = machine;
    const own: Machine = {
      ...machine,
      disks: disks.map((disk) => (disk.file === resolve(LOADER_FILE) ? { ...disk, file } : disk)),
    };
    const spend = () => folder.spend();
    if (firmware.kind !== 'uefi' || !firmware.varsReadOnly) return { machine: own, spend };
    const vars = join(folder.path, 'variables.fd');
    await copyFile(firmware.vars, vars);
    // Distributions have it read-only.
    await chmod(vars, 0o600);
    return { machine: { ...own, firmware: { ...firmware, vars, varsReadOnly: false } }, spend };
  } catch (error) {
    await folder.spend();
    throw error;
  }
}
