import type { BootOptions } from '../boot/options.js';
import type { Guest } from './guest.js';
import { pathOf } from './paths.js';
import type { GuestFolder } from './read.js';

/** What boot is asked for a guest, its own addresses among it. */
export interface GuestBootOptions extends BootOptions {
  readonly mac: string;
  readonly uuid: string;
}

/** What `boot` is asked for a guest as its description has it, with absolute paths. An installed guest is started without the
 * installer, unless its loader is on that. */
export async function bootOptionsOf({ path, guest }: Pick<GuestFolder, 'path' | 'guest'>): Promise<GuestBootOptions> {
  const at = (stored: string) => pathOf(path, stored);
  const all = (stored: readonly string[]) => Promise.all(stored.map(at));
  const { iso, disks, nvram, smc, keyFile, backing, folder, serial, qemu, qemuArgs, display, ssh } = guest;
  return {
    release: guest.release,
    ...(iso !== undefined && (!guest.installed || guest.loader?.kind === 'iso') && { iso: await at(iso) }),
    disks: await all(disks.map(({ file }) => file)),
    // One is never taken for another's: a guest that writes to a container as if it were raw loses it.
    diskFormats: disks.map(({ format }) => format),
    ...(backing && { backingOk: await all(backing) }),
    ...(await loaderOptions(guest, at)),
    ...(nvram !== undefined && startsByUefi(guest) && { nvram: await at(nvram) }),
    smc: smc ?? true,
    ...(keyFile !== undefined && { oskFile: await at(keyFile) }),
    machine: guest.chipset,
    ...(guest.memory !== undefined && { memory: guest.memory }),
    ...(guest.processors !== undefined && { processors: guest.processors }),
    network: guest.network,
    mac: guest.mac,
    uuid: guest.uuid,
    ...(ssh && { sshPort: ssh.port }),
    ...(guest.forwards && { forwards: guest.forwards }),
    accelerator: guest.accelerator ?? 'auto',
    ...(display && { display }),
    ...(folder !== undefined && { folder: await at(folder) }),
    ...(serial !== undefined && { serial: await at(serial) }),
    ...(guest.clock !== undefined && { clock: guest.clock }),
    // A bare name is looked for in $PATH.
    ...(qemu !== undefined && { qemu: qemu.includes('/') ? await at(qemu) : qemu }),
    qemuArgs: qemuArgs ?? [],
    monitor: false,
    force: false,
    dryRun: false,
  };
}

/** Whether a firmware starts it that has variables. */
export function startsByUefi({ loader }: Pick<Guest, 'loader'>): boolean {
  if (loader === undefined || loader.kind === 'chameleon') return false;
  return loader.kind !== 'none' || loader.firmware === 'uefi';
}

async function loaderOptions(
  { loader }: Guest,
  at: (stored: string) => Promise<string>,
): Promise<Partial<BootOptions>> {
  switch (loader?.kind) {
    case undefined:
    case 'iso':
      return {};
    case 'chameleon':
      return { chameleon: await at(loader.file), ...(loader.append !== undefined && { append: loader.append }) };
    case 'opencore': {
      const { file, kexts, config, set } = loader;
      return {
        opencore: await at(file),
        ...(kexts && { kext: await Promise.all(kexts.map(at)) }),
        ...(config !== undefined && { config: await at(config) }),
        ...(set && { ocSet: set }),
      };
    }
    case 'efi':
      return { efi: await at(loader.file) };
    case 'image':
      return { firmware: 'uefi', loader: await at(loader.file) };
    case 'none':
      return { firmware: loader.firmware };
    default:
      return loader satisfies never;
  }
}
