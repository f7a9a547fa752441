import { resolve } from 'node:path';
import { type BootOptions, expectSense } from '../boot/options.js';
import { bootOptionsOf } from './boot-options.js';
import type { Guest, GuestLoader } from './guest.js';
import { kept } from './paths.js';
import type { GuestFolder } from './read.js';

/** What was typed for a guest: its paths are below the current folder. */
export type TypedOptions = Partial<BootOptions>;

/** Options that say what starts the guest: one of them ends what the guest had. */
const STARTERS = ['chameleon', 'firmware', 'loader', 'opencore', 'efi'] as const;

/**
 * A guest with what was typed in the place of what it has: for one start, or to be kept. UsageError where what was typed contradicts
 * itself. What is typed as a list replaces the list.
 */
export async function withTyped(
  { path, guest }: Pick<GuestFolder, 'path' | 'guest'>,
  typed: TypedOptions,
): Promise<Guest> {
  const {
    chameleon: _,
    firmware: _f,
    loader: _l,
    opencore: _o,
    efi: _e,
    kext: _k,
    config: _c,
    ocSet: _s,
    nvram: _n,
    ...rest
  } = await bootOptionsOf({ path, guest });
  expectSense({
    ...(guest.loader?.kind === 'opencore' && noStarter(typed) ? { opencore: guest.loader.file } : {}),
    ...rest,
    ...typed,
  });
  const at = (given: string) => kept(path, resolve(given));
  const all = (given: readonly string[]) => given.map(at);
  const { iso, disks, diskFormat: format, backingOk, nvram, oskFile, folder, serial, display, qemu } = typed;
  const loader = loaderOf(typed, guest.loader, at);
  return {
    ...guest,
    ...(typed.release !== undefined && { release: typed.release }),
    // Who names the installer wants it.
    ...(iso !== undefined && { iso: at(iso), installed: false }),
    ...(disks &&
      disks.length > 0 && {
        disks: disks.map((file) => ({ file: at(file), ...(format !== undefined && { format }) })),
      }),
    ...(backingOk && backingOk.length > 0 && { backing: all(backingOk) }),
    ...(loader && { loader }),
    ...(nvram !== undefined && { nvram: at(nvram) }),
    ...(typed.smc !== undefined && { smc: typed.smc }),
    ...(oskFile !== undefined && { keyFile: at(oskFile) }),
    ...(typed.machine && { chipset: typed.machine }),
    ...(typed.memory !== undefined && { memory: typed.memory }),
    ...(typed.processors !== undefined && { processors: typed.processors }),
    ...(typed.network && { network: typed.network }),
    ...(typed.mac !== undefined && { mac: typed.mac }),
    ...(typed.uuid !== undefined && { uuid: typed.uuid }),
    ...(typed.sshPort !== undefined && { ssh: { port: typed.sshPort } }),
    ...(typed.forwards && typed.forwards.length > 0 && { forwards: typed.forwards }),
    ...(typed.accelerator && { accelerator: typed.accelerator }),
    ...(display && { display }),
    ...(folder !== undefined && { folder: at(folder) }),
    ...(serial !== undefined && { serial: at(serial) }),
    ...(typed.clock !== undefined && { clock: typed.clock }),
    ...(qemu !== undefined && { qemu: qemu.includes('/') ? at(qemu).replace(/^(?!.*\/)/, './') : qemu }),
    ...(typed.qemuArgs && typed.qemuArgs.length > 0 && { qemuArgs: typed.qemuArgs }),
  };
}

function noStarter(typed: TypedOptions): boolean {
  return STARTERS.every((name) => typed[name] === undefined);
}

/** The loader that is typed, with what the guest's own has where only a part of it is. */
function loaderOf(
  typed: TypedOptions,
  before: GuestLoader | undefined,
  at: (given: string) => string,
): GuestLoader | undefined {
  const { chameleon, append, firmware, loader, opencore, efi, kext = [], config, ocSet = [] } = typed;
  const openCoreParts = {
    ...(kext.length > 0 && { kexts: kext.map(at) }),
    ...(config !== undefined && { config: at(config) }),
    ...(ocSet.length > 0 && { set: ocSet }),
  };
  const words = append === undefined ? {} : { append };
  if (chameleon !== undefined) return { kind: 'chameleon', file: at(chameleon), ...words };
  if (opencore !== undefined) return { kind: 'opencore', file: at(opencore), ...openCoreParts };
  if (efi !== undefined) return { kind: 'efi', file: at(efi) };
  if (loader !== undefined) return { kind: 'image', file: at(loader) };
  if (firmware !== undefined) return { kind: 'none', firmware };
  if (before?.kind === 'chameleon' && append !== undefined) return { ...before, ...words };
  if (before?.kind === 'opencore' && Object.keys(openCoreParts).length > 0) return { ...before, ...openCoreParts };
  return undefined;
}
