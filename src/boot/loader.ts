import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { startersOf } from '../known/loaders.js';
import { type FoundFirmware, uefiFirmware, uefiLoader } from '../launch/loaders.js';
import type { Choice } from '../launch/machine.js';
import { checkLoader } from '../launch/multiboot.js';
import { noLoader } from '../launch/needs/loader.js';
import type { Profile } from '../launch/profiles.js';
import { type OpenCoreDisk, openCoreDisk } from './opencore.js';
import { type BootOptions, CHAMELEON_WAITS, NVRAM } from './options.js';

/** The firmware and what starts the guest on it. What the user should know goes to `notes`. */
export async function chooseLoader(
  options: BootOptions,
  about: { readonly profile: Profile; readonly uefi: boolean; readonly notes: string[]; readonly signal: AbortSignal },
): Promise<Pick<Choice, 'loaderDisk'> & FoundFirmware & Partial<OpenCoreDisk>> {
  const { chameleon, append, iso, nvram, backingOk = [] } = options;
  const { profile, uefi, notes, signal } = about;
  if (options.opencore !== undefined || options.efi !== undefined) {
    const made = await openCoreDisk(options, profile, signal);
    notes.push(...made.esp.notes);
    return { ...(await uefiFirmware(nvram)), ...made };
  }
  const { loader } = options;
  const byItself = uefi && chameleon === undefined && options.firmware !== 'bios';
  if (options.firmware === 'uefi' || loader !== undefined || byItself) {
    const loaderDisk = loader === undefined ? undefined : await uefiLoader(loader, { backingOk, signal });
    return { ...(await uefiFirmware(nvram)), ...(loaderDisk && { loaderDisk }) };
  }
  if (nvram !== undefined) throw new UsageError(NVRAM);
  const usual = startersOf(profile.release);
  if (chameleon === undefined) {
    if (iso === undefined) return { firmware: { kind: 'bios' } };
    throw noLoader(profile);
  }
  await checkLoader(chameleon);
  if (usual.every((starter) => starter === 'opencore')) {
    notes.push(`${profile.name} is not started by Chameleon: --opencore ZIP, or --loader FILE with Clover.`);
  }
  return { firmware: { kind: 'bios', loader: resolve(chameleon), append: wordsFor(append) } };
}

/** Without a timeout it waits at its prompt for ever, which nobody sees without a screen. */
function wordsFor(given: string | undefined): string {
  if (given === undefined) return CHAMELEON_WAITS;
  return /(?:^|\s)timeout=/.test(given) || given.trim() === '' ? given : `${given} ${CHAMELEON_WAITS}`;
}
