import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HostError, SourceError, UsageError } from '../errors.js';
import { quoteFile } from '../host/quote.js';
import { unlessStopped } from '../host/unless-stopped.js';
import { expiredNote } from '../known/index.js';
import { chooseAccelerator } from '../launch/accelerator.js';
import { adviceOn } from '../launch/advice.js';
import { ASSUMED, atLeast, type Capabilities, capabilitiesOf, QEMU } from '../launch/capabilities.js';
import { type DiskInfo, examineDisk, parseSize } from '../launch/disks.js';
import { readHostOsk } from '../launch/host-osk.js';
import { probeHost } from '../launch/host-probe.js';
import { expectReadable } from '../launch/loaders.js';
import { type Choice, type Machine, makeMachine } from '../launch/machine.js';
import { findOsk, OSK_HINT, type Osk, takeFromEnvironment } from '../launch/osk.js';
import { allForwards, choosePorts } from '../launch/ports.js';
import { DEFAULT_RELEASE, type Profile, profileOf, profiles } from '../launch/profiles.js';
import type { Ports } from '../launch/run-state.js';
import { type HostSize, hostSize, shareNote, shareOf } from '../launch/share.js';
import type { Esp } from '../opencore/index.js';
import { chooseLoader } from './loader.js';
import { examineMedium } from './medium.js';
import { type BootOptions, expectSense } from './options.js';

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
  /** What of this computer leads into the guest. */
  readonly ports: Ports;
  /** What the user should know before it starts. */
  readonly notes: readonly string[];
}

/** Looks at everything a guest needs, and refuses before QEMU starts what could not work. Makes nothing. */
export async function planBoot(
  options: BootOptions,
  {
    signal,
    note = () => {},
    size = hostSize(),
  }: { readonly signal: AbortSignal; note?(text: string): void /** What the guest gets a half of. */; size?: HostSize },
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

  const ports = await portsOf(options, profile, capabilities);
  const share = { ...shareOf(size, profile, medium?.memory), ...sizesIn(options) };
  const sizes = shareNote(share, options, size);
  if (sizes !== undefined) notes.push(sizes);

  const choice: Choice = {
    release: profile.release,
    accelerator: chosen.accelerator,
    ...share,
    smc,
    monitor: options.monitor,
    extra: options.qemuArgs,
    disks: disks.found,
    ...loading,
    ...(options.machine && { chipset: options.machine }),
    ...(medium && { iso: medium.file }),
    ...(options.folder !== undefined && { folder: resolve(options.folder) }),
    ...(options.network && { network: options.network }),
    ...(options.mac !== undefined && { mac: options.mac }),
    ...(options.uuid !== undefined && { uuid: options.uuid }),
    forwards: allForwards(ports),
    ...(options.display && { display: options.display }),
    ...(options.serial !== undefined && { serial: resolve(options.serial) }),
    ...(options.clock !== undefined && { clock: options.clock }),
  };
  const machine = makeMachine(choice);
  notes.push(...adviceOn(machine, profile, host));
  return {
    machine,
    capabilities,
    ports,
    notes,
    ...(osk && { osk }),
    ...(disks.create && { create: disks.create }),
    ...(esp && { esp }),
    ...(espCommand && { espCommand }),
    ...(nvram && { nvram }),
  };
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

function sizesIn({ memory, processors }: BootOptions): Partial<HostSize> {
  return { ...(memory !== undefined && { memory }), ...(processors !== undefined && { processors }) };
}

async function portsOf(options: BootOptions, profile: Profile, { userNetwork }: Capabilities): Promise<Ports> {
  const { network = profile.network, sshPort, forwards = [], dryRun } = options;
  if (network !== 'none' && userNetwork) return choosePorts(options, { look: !dryRun });
  if (sshPort === undefined && forwards.length === 0) return { forwards: [] };
  throw new HostError(`${sshPort === undefined ? '--forward' : '--ssh-port'}: this QEMU has no user-mode networking.`, {
    hint: 'Use a QEMU that was built with libslirp.',
  });
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

function brings({ items }: Esp, name: string): boolean {
  return items.some(({ path }) => path.includes(name));
}
