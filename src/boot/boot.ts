import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Scope } from '../core/scope.js';
import { HostError, SourceError, UsageError } from '../errors.js';
import { quoteFile } from '../host/quote.js';
import { unlessStopped } from '../host/unless-stopped.js';
import { expiredNote } from '../known/index.js';
import { type Starter, startersOf } from '../known/loaders.js';
import { chooseAccelerator } from '../launch/accelerator.js';
import { adviceOn } from '../launch/advice.js';
import { ASSUMED, atLeast, type Capabilities, capabilitiesOf, QEMU } from '../launch/capabilities.js';
import { createDisk, type DiskInfo, examineDisk, parseSize } from '../launch/disks.js';
import { readHostOsk } from '../launch/host-osk.js';
import { probeHost } from '../launch/host-probe.js';
import { expectReadable, type FoundFirmware, makeNvram, uefiFirmware, uefiLoader } from '../launch/loaders.js';
import {
  type Accelerator,
  type Chipset,
  type Choice,
  type Display,
  type Machine,
  MOST_DISKS,
  makeMachine,
} from '../launch/machine.js';
import { checkLoader } from '../launch/multiboot.js';
import { findOsk, OSK_HINT, type Osk, takeFromEnvironment } from '../launch/osk.js';
import { DEFAULT_RELEASE, type NetworkModel, type Profile, profileOf, profiles } from '../launch/profiles.js';
import { type GuestEnd, type RunOptions, runMachine } from '../launch/run.js';
import type { Secret } from '../launch/secret.js';
import type { Esp } from '../opencore/index.js';
import { type BootMedium, examineMedium } from './medium.js';
import { openCoreDisk, ownFiles } from './opencore.js';

/** What a user asks of a guest. Paths are below the current folder. */
export interface BootOptions {
  /** The installer; without one the installed guest is started. */
  readonly iso?: string;
  /** What is known about it already, where it is still to be made. */
  readonly medium?: BootMedium;
  /** The key, where the environment was asked for it already. */
  readonly environment?: Secret | undefined;
  readonly disks: readonly string[];
  /** "30G": the first disk is made where it is not there. */
  readonly createDisk?: string;
  readonly diskFormat?: string;
  /** Other files that the disks, and the loader's image, may be made of. */
  readonly backingOk?: readonly string[];
  readonly chameleon?: string;
  /** Words for Chameleon: "timeout=5". */
  readonly append?: string;
  readonly firmware?: 'bios' | 'uefi';
  /** UEFI: a disk image, or a folder that holds EFI/BOOT. */
  readonly loader?: string;
  /** UEFI: OpenCore's release as zip or folder, or a folder EFI with it that is configured. */
  readonly opencore?: string;
  /** UEFI: a folder EFI with any loader. */
  readonly efi?: string;
  /** With a release of OpenCore: kexts for it, PATH=VALUE in its config, a config instead. */
  readonly kext?: readonly string[];
  readonly config?: string;
  readonly ocSet?: readonly string[];
  /** UEFI: keeps the firmware's variables. */
  readonly nvram?: string;
  readonly oskFile?: string;
  /** False: no SMC at all, for loaders that bring their own. */
  readonly smc: boolean;
  readonly release?: string;
  readonly machine?: Chipset;
  /** MiB. */
  readonly memory?: number;
  readonly processors?: number;
  readonly network?: NetworkModel | 'none';
  /** A folder the guest sees as a FAT disk. */
  readonly folder?: string;
  readonly accelerator: Accelerator | 'auto';
  readonly display?: Display;
  readonly monitor: boolean;
  readonly serial?: string;
  readonly clock?: string;
  readonly qemu?: string;
  readonly qemuArgs: readonly string[];
  /** Start an ISO that fails its checks. */
  readonly force: boolean;
  /** Nothing is made or started: what is not there yet counts as there. */
  readonly dryRun: boolean;
}

/** A guest that could start now. */
export interface BootPlan {
  readonly machine: Machine;
  readonly capabilities: Capabilities;
  readonly osk?: Osk;
  /** A disk that is made first: bytes. */
  readonly create?: { readonly file: string; readonly size: number };
  /** The loader's disk, which is made first and gone with the guest: the machine has it as LOADER_FILE. */
  readonly esp?: Esp;
  /** What makes it for good, for whoever starts the machine himself. */
  readonly espCommand?: readonly string[];
  /** A file for the firmware's variables that is made first. */
  readonly nvram?: { readonly file: string; readonly from: string };
  /** What the user should know before it starts. */
  readonly notes: readonly string[];
}

/** Looks at everything a guest needs, and refuses before QEMU starts what could not work. Makes nothing. */
export async function planBoot(
  options: BootOptions,
  { signal, note = () => {} }: { readonly signal: AbortSignal; note?(text: string): void },
): Promise<BootPlan> {
  // Before anything is started: nobody inherits it.
  const environment = takeFromEnvironment() ?? options.environment;
  const notes: string[] = [];
  expectSense(options);

  const capabilities = await unlessStopped(signal, askQemu(options, notes));
  const medium =
    options.medium ??
    (options.iso === undefined ? undefined : await examineMedium(options.iso, { force: options.force, signal, note }));
  for (const fault of medium?.faults ?? []) notes.push(`Started all the same: ${fault}`);
  if (medium?.validUntil !== undefined && Date.parse(medium.validUntil) < Date.now() && options.clock === undefined)
    notes.push(expiredNote(medium.validUntil));
  const profile = chooseProfile(options.release, medium?.version, notes);

  const uefi = medium?.uefi ?? false;
  const { nvram, esp, espCommand, ...loading } = await chooseLoader(options, { profile, uefi, notes, signal });
  const disks = await findDisks(options, signal);
  const host = await probeHost(options.qemu, signal);
  const chosen = chooseAccelerator(options.accelerator, { ...host, accelerators: capabilities.accelerators });
  if (chosen.note !== undefined) notes.push(chosen.note);
  if (options.folder !== undefined) await expectFolder(options.folder);

  // VirtualSMC.kext is one itself (measured by others).
  const smc = options.smc && !(esp && brings(esp, 'VirtualSMC.kext'));
  const osk = smc ? await expectOsk(options, capabilities, environment, host.apple !== undefined) : undefined;
  if (osk?.open)
    notes.push(`${options.oskFile} can be read by others than you: chmod 600 ${quoteFile(options.oskFile ?? '')}`);
  if (!atLeast(capabilities.version, ...profile.qemu)) {
    notes.push(
      `${profile.name} wants QEMU ${profile.qemu.join('.')} or newer; this is ${capabilities.version.join('.')}.`,
    );
  }
  if (!capabilities.userNetwork && options.network !== 'none') {
    notes.push('This QEMU has no user-mode networking (libslirp): the guest has no network.');
  }

  const choice: Choice = {
    release: profile.release,
    accelerator: chosen.accelerator,
    memory: options.memory ?? Math.max(profile.memory, medium?.memory ?? 0),
    smc,
    monitor: options.monitor,
    extra: options.qemuArgs,
    disks: disks.found,
    ...loading,
    ...(options.machine && { chipset: options.machine }),
    ...(options.processors !== undefined && { processors: options.processors }),
    ...(medium && { iso: medium.file }),
    ...(options.folder !== undefined && { folder: resolve(options.folder) }),
    ...(options.network && { network: options.network }),
    ...(options.display && { display: options.display }),
    ...(options.serial !== undefined && { serial: resolve(options.serial) }),
    ...(options.clock !== undefined && { clock: options.clock }),
  };
  const machine = makeMachine(choice);
  notes.push(...adviceOn(machine, profile, host));
  return {
    machine,
    capabilities,
    notes,
    ...(osk && { osk }),
    ...(disks.create && { create: disks.create }),
    ...(esp && { esp }),
    ...(espCommand && { espCommand }),
    ...(nvram && { nvram }),
  };
}

/** Starts a guest and waits for its end. */
export async function boot(plan: BootPlan, options: Omit<RunOptions, 'osk'>): Promise<GuestEnd> {
  const { signal, scope } = options;
  if (plan.create) {
    await createDisk(plan.create.file, plan.create.size, { signal, ...(scope && { scope }) });
    options.note(`Made ${plan.create.file}.`);
  }
  if (plan.nvram) await makeNvram(plan.nvram, scope);
  const given = { ...options, ...(plan.osk && { osk: plan.osk.secret }) };
  if (!plan.esp) return runMachine(plan.machine, plan.capabilities, given);
  const own = await ownFiles(plan.machine, plan.esp, { signal, scope: scope ?? new Scope() });
  try {
    return await runMachine(own.machine, plan.capabilities, given);
  } finally {
    await own.spend();
  }
}

const NVRAM = '--nvram needs --firmware uefi.';
/** Options that bring a loader for UEFI. */
const UEFI_LOADERS = ['loader', 'opencore', 'efi'] as const;
const OPENCORE_ONLY = ['kext', 'config', 'ocSet'] as const;

function expectSense(options: BootOptions): void {
  const { iso, disks, createDisk: size, chameleon, firmware, nvram, clock } = options;
  const loaders = UEFI_LOADERS.filter((name) => options[name] !== undefined);
  const [loader, second] = loaders;
  if (iso === undefined && disks.length === 0) {
    throw new UsageError(
      'There is nothing to start.',
      'Give an installer ISO, or an installed guest with --disk FILE.',
    );
  }
  if (size !== undefined && disks.length === 0) throw new UsageError('--create-disk needs --disk FILE: which disk.');
  if (disks.length > MOST_DISKS) throw new UsageError(`A guest has ${MOST_DISKS} disks at most.`);
  if (chameleon !== undefined && (firmware === 'uefi' || loader !== undefined)) {
    const given = loader === undefined ? '--firmware uefi is' : `--${loader} is`;
    throw new UsageError(`--chameleon is for the BIOS, ${given} for UEFI: give one of them.`);
  }
  if (second !== undefined) throw new UsageError(`--${loader} and --${second}: give one of them.`);
  if (firmware === 'bios' && loader !== undefined) throw new UsageError(`--${loader} needs --firmware uefi.`);
  const mayBeUefi = firmware !== 'bios' && chameleon === undefined;
  const isUefi = firmware === 'uefi' || loader !== undefined || (iso !== undefined && mayBeUefi);
  if (nvram !== undefined && !isUefi) throw new UsageError(NVRAM);
  const stray = options.opencore === undefined && OPENCORE_ONLY.find((name) => (options[name]?.length ?? 0) > 0);
  if (stray) throw new UsageError(`--${stray === 'ocSet' ? 'oc-set' : stray} is for --opencore.`);
  if (clock !== undefined && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/.test(clock)) {
    throw new UsageError(`--clock ${clock}: expected a date like 2019-10-08.`);
  }
}

async function askQemu({ qemu, dryRun }: BootOptions, notes: string[]): Promise<Capabilities> {
  const found = await capabilitiesOf(qemu);
  if (found) return found;
  if (!dryRun) {
    throw new HostError(`There is no ${qemu ?? QEMU} on this computer.`, {
      hint: 'Install it: sudo apt install qemu-system-x86, or brew install qemu. osx-iso doctor tells what else is missing.',
    });
  }
  notes.push(`There is no ${qemu ?? QEMU} on this computer: this is for version ${ASSUMED.version.join('.')}.`);
  return { ...ASSUMED, ...(qemu !== undefined && { program: qemu }) };
}

function chooseProfile(given: string | undefined, version: string | undefined, notes: string[]): Profile {
  if (given !== undefined) {
    const profile = profileOf(given);
    if (profile) return profile;
    throw new UsageError(`--release ${given}: expected one of ${profiles.map(({ release }) => release).join(', ')}.`);
  }
  const profile = version === undefined ? undefined : profileOf(version);
  if (profile) return profile;
  const fallback = profileOf(DEFAULT_RELEASE)!;
  notes.push(`Which release this is, is not known: started like ${fallback.name}. --release VERSION tells.`);
  return fallback;
}

async function chooseLoader(
  options: BootOptions,
  about: { readonly profile: Profile; readonly uefi: boolean; readonly notes: string[]; readonly signal: AbortSignal },
): Promise<Pick<Choice, 'loaderDisk'> & FoundFirmware & Pick<BootPlan, 'esp' | 'espCommand'>> {
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
    throw new UsageError('The installer needs a boot loader.', hintFor(profile.name, usual));
  }
  await checkLoader(chameleon);
  if (usual.every((starter) => starter === 'opencore')) {
    notes.push(`${profile.name} is not started by Chameleon: --opencore ZIP, or --loader FILE with Clover.`);
  }
  return { firmware: { kind: 'bios', loader: resolve(chameleon), ...(append !== undefined && { append }) } };
}

function brings({ items }: Esp, name: string): boolean {
  return items.some(({ path }) => path.includes(name));
}

/** What to type for want of a loader. */
function hintFor(name: string, [usual]: readonly Starter[]): string {
  const opencore = '--opencore OpenCore-X.Y.Z-RELEASE.zip (github.com/acidanthera/OpenCorePkg/releases)';
  if (usual === 'opencore') {
    return `${name} is started by OpenCore: ${opencore}; another loader for UEFI: --firmware uefi --loader FILE.`;
  }
  const file = usual === 'enoch' ? 'Enoch' : 'Chameleon or Enoch';
  return `Give Chameleon by --chameleon FILE (the file "boot" of ${file}), or OpenCore by ${opencore}.`;
}

async function findDisks(
  options: BootOptions,
  signal: AbortSignal,
): Promise<{ found: DiskInfo[]; create?: { file: string; size: number } }> {
  const found: DiskInfo[] = [];
  let create: { file: string; size: number } | undefined;
  for (const [i, path] of options.disks.entries()) {
    const file = resolve(path);
    if (i === 0 && options.createDisk !== undefined) {
      const size = parseSize(options.createDisk);
      if (!(await stat(file).catch(() => undefined))) {
        create = { file, size };
        found.push({ file, format: 'qcow2', size });
        continue;
      }
    }
    const { diskFormat: format, backingOk = [] } = options;
    found.push(await examineDisk(path, { backingOk, signal, ...(format !== undefined && { format }) }));
  }
  return { found, ...(create && { create }) };
}

async function expectFolder(path: string): Promise<void> {
  await expectReadable('--folder ', path);
  if (!(await stat(path)).isDirectory()) throw new SourceError(`--folder ${path}: expected a folder.`);
}

async function expectOsk(
  options: BootOptions,
  capabilities: Capabilities,
  environment: ReturnType<typeof takeFromEnvironment>,
  apple: boolean,
): Promise<Osk> {
  if (!capabilities.devices.has('isa-applesmc')) {
    throw new HostError(`${capabilities.program} was built without isa-applesmc.`, {
      hint: 'Take a QEMU that has it; --no-smc is for loaders that bring an SMC of their own.',
    });
  }
  const osk = await findOsk({
    ...(options.oskFile !== undefined && { file: options.oskFile }),
    environment,
    readHost: async () => (apple ? readHostOsk() : undefined),
  });
  if (!osk) throw new HostError("The guest's SMC needs its key.", { hint: OSK_HINT });
  return osk;
}
