import { constants } from 'node:fs';
import { access, chmod, copyFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { makeNew } from '../core/new-file.js';
import { Scope } from '../core/scope.js';
import { HostError, SourceError } from '../errors.js';
import { hostError } from '../host/faults.js';
import { readHead } from '../host/read-file.js';
import { examineImage, type Look } from './disks.js';
import type { Firmware } from './machine.js';
import { findOvmf, type Ovmf } from './ovmf.js';

/** Where a removable disk's loader is (UEFI Specification 2.10, section 3.5.1.1). */
const DEFAULT_LOADER = 'EFI/BOOT/BOOTX64.EFI';

/** A UEFI loader as a disk: an image (OpenCore.qcow2), or a folder that holds EFI/BOOT/BOOTX64.EFI. */
export async function uefiLoader(path: string, look: Look = {}): Promise<{ file: string; format: string }> {
  const file = await expectReadable('--loader ', path);
  const found = await stat(file);
  if (!found.isDirectory()) {
    if (await isEfiProgram(file)) {
      throw new SourceError(`--loader ${path}: expected a disk image or a folder, found an EFI program.`, {
        hint: `Put it into a folder as ${DEFAULT_LOADER}, and give that folder.`,
      });
    }
    return { file, format: (await examineImage('--loader', path, look)).format };
  }
  // Names on a FAT disk have no case, those on this host do.
  for (const name of [DEFAULT_LOADER, DEFAULT_LOADER.toLowerCase(), 'EFI/BOOT/BOOTx64.efi', 'EFI/BOOT/bootx64.efi']) {
    if (await stat(resolve(file, name)).catch(() => undefined)) return { file, format: 'folder' };
  }
  throw new SourceError(`--loader ${path}: expected a folder with ${DEFAULT_LOADER}, found none.`, {
    hint: 'Give the folder that holds the folder EFI, or the image of a disk that starts by UEFI.',
  });
}

async function isEfiProgram(file: string): Promise<boolean> {
  return Buffer.from(await readHead(file, 2, { label: '--loader ', disk: true })).toString('latin1') === 'MZ';
}

/** The firmware, and what its variables are made from where `nvram` is not there yet. */
export interface FoundFirmware {
  readonly firmware: Firmware;
  readonly nvram?: { readonly file: string; readonly from: string };
}

/** The host's UEFI firmware. Its variables are forgotten when the guest ends, unless `nvram` keeps them. */
export async function uefiFirmware(
  nvram?: string,
  find: () => Promise<Ovmf | undefined> = findOvmf,
): Promise<FoundFirmware> {
  const ovmf = await find();
  if (!ovmf) {
    throw new HostError('There is no UEFI firmware for guests (OVMF) on this computer.', {
      hint: 'Install it: sudo apt install ovmf, sudo dnf install edk2-ovmf, sudo pacman -S edk2-ovmf.',
    });
  }
  if (nvram === undefined) return { firmware: { kind: 'uefi', ...ovmf, varsReadOnly: true } };
  const vars = resolve(nvram);
  const [there, { size }] = await Promise.all([stat(vars).catch(() => undefined), stat(ovmf.vars)]);
  if (there && there.size !== size) {
    throw new SourceError(`--nvram ${nvram}: expected ${size} bytes, as this firmware has, found ${there.size}.`);
  }
  const firmware = { kind: 'uefi', code: ovmf.code, vars, varsReadOnly: false } as const;
  return there ? { firmware } : { firmware, nvram: { file: vars, from: ovmf.vars } };
}

/** Makes the variables' file, whole or not at all. HostError where it cannot be. */
export async function makeNvram(
  { file, from }: { readonly file: string; readonly from: string },
  scope = new Scope(),
): Promise<void> {
  try {
    await makeNew(file, scope, async (draft) => {
      await copyFile(from, draft, constants.COPYFILE_EXCL);
      // Distributions have it read-only.
      await chmod(draft, 0o644);
    });
  } catch (error) {
    throw hostError(error, `--nvram ${file}`, HostError);
  }
}

/** The absolute path of something a guest reads. */
export async function expectReadable(option: string, path: string): Promise<string> {
  const file = resolve(path);
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    throw hostError(error, `${option}${path}`, SourceError, { doing: 'read' });
  }
  return file;
}
