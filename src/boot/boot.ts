import { resolve } from 'node:path';
import { HostError, UsageError } from '../errors.js';
import { quoteFile } from '../host/quote.js';
import { expiredNote } from '../known/index.js';
import { chooseAccelerator } from '../launch/accelerator.js';
import { adviceOn } from '../launch/advice.js';
import { ASSUMED, type Capabilities, QEMU } from '../launch/capabilities.js';
import type { Host } from '../launch/host.js';
import { readHostOsk } from '../launch/host-osk.js';
import { probeHost } from '../launch/host-probe.js';
import { type Choice, type Machine, makeMachine } from '../launch/machine.js';
import { noKey } from '../launch/needs/key.js';
import { forbiddenKvm } from '../launch/needs/kvm.js';
import { Missing } from '../launch/needs/missing.js';
import { noQemu, noSmc, oldQemu } from '../launch/needs/qemu.js';
import { findOsk, type Osk, takeFromEnvironment } from '../launch/osk.js';
import { allForwards, choosePorts } from '../launch/ports.js';
import { DEFAULT_RELEASE, type Profile, profileOf, profiles } from '../launch/profiles.js';
import type { Ports } from '../launch/run-state.js';
import { type HostSize, hostSize, shareNote, shareOf } from '../launch/share.js';
import type { Esp } from '../opencore/index.js';
import { chooseLoader } from './loader.js';
import { type BootMedium, examineMedium } from './medium.js';
import { type BootOptions, expectSense } from './options.js';
import { findDisks, lookOutside } from './outside.js';
import { displayFor } from './screen.js';

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

/**
 * Looks at everything a guest needs, and refuses before QEMU starts what could not work: all that is missing at once, as one error with
 * what to type for each. Makes nothing.
 */
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
  const missing = new Missing();

  const host = await probeHost(options.qemu, signal);
  const capabilities = (await missing.of(() => expectQemu(options, host, notes))) ?? ASSUMED;
  const medium = options.medium ?? (await missing.of(() => lookAtIso(options, { signal, note })));
  for (const fault of medium?.faults ?? []) notes.push(`Started all the same: ${fault}`);
  if (medium?.validUntil !== undefined && Date.parse(medium.validUntil) < Date.now() && options.clock === undefined)
    notes.push(expiredNote(medium.validUntil));
  const profile = chooseProfile(options.release, medium?.version, notes);

  const about = { profile, uefi: medium?.uefi ?? false, notes, signal };
  const loader = await missing.of(() => chooseLoader(options, about));
  const disks = await findDisks(options, medium?.file, { missing, signal });
  const chosen = await missing.of(() =>
    chooseAccelerator(options.accelerator, { ...host, accelerators: capabilities.accelerators }),
  );
  if (chosen?.note !== undefined) notes.push(chosen.note);
  if (options.accelerator === 'auto') missing.besides(forbiddenKvm(host));

  // VirtualSMC.kext is one itself (measured by others).
  const smc = options.smc && !(loader?.esp && brings(loader.esp, 'VirtualSMC.kext'));
  if (smc) missing.add(noSmc({ qemu: capabilities }));
  const osk = smc ? await missing.of(() => expectOsk(options, environment, host.apple !== undefined)) : undefined;
  if (osk?.open)
    notes.push(`${options.oskFile} can be read by others than you: chmod 600 ${quoteFile(options.oskFile ?? '')}`);
  const ports = await missing.of(() => portsOf(options, profile, capabilities));
  await lookOutside(options, host, missing);
  missing.end();

  const old = oldQemu({ qemu: capabilities }, profile);
  if (old !== undefined) notes.push(old);
  if (!capabilities.userNetwork && options.network !== 'none') {
    notes.push('This QEMU has no user-mode networking (libslirp): the guest has no network.');
  }
  const share = { ...shareOf(size, profile, medium?.memory), ...sizesIn(options) };
  const sizes = shareNote(share, options, size);
  if (sizes !== undefined) notes.push(sizes);

  const { nvram, esp, espCommand, ...loading } = loader!;
  const choice: Choice = {
    ...(options.name !== undefined && { name: options.name }),
    release: profile.release,
    accelerator: chosen!.accelerator,
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
    forwards: allForwards(ports!),
    display: displayFor(options, host),
    ...(options.serial !== undefined && { serial: resolve(options.serial) }),
    ...(options.clock !== undefined && { clock: options.clock }),
  };
  const machine = makeMachine(choice);
  notes.push(...adviceOn(machine, profile, host));
  return {
    machine,
    capabilities,
    ports: ports!,
    notes,
    ...(osk && { osk }),
    ...(disks.create && { create: disks.create }),
    ...(esp && { esp }),
    ...(espCommand && { espCommand }),
    ...(nvram && { nvram }),
  };
}

async function expectQemu({ qemu, dryRun }: BootOptions, host: Host, notes: string[]): Promise<Capabilities> {
  if (host.qemu) return host.qemu;
  if (!dryRun) throw noQemu(qemu, host);
  notes.push(`There is no ${qemu ?? QEMU} on this computer: this is for version ${ASSUMED.version.join('.')}.`);
  return { ...ASSUMED, ...(qemu !== undefined && { program: qemu }) };
}

async function lookAtIso(
  { iso, force }: BootOptions,
  { signal, note }: { readonly signal: AbortSignal; note(text: string): void },
): Promise<BootMedium | undefined> {
  return iso === undefined ? undefined : examineMedium(iso, { force, signal, note });
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

async function expectOsk(
  options: BootOptions,
  environment: ReturnType<typeof takeFromEnvironment>,
  apple: boolean,
): Promise<Osk> {
  const osk = await findOsk({
    ...(options.oskFile !== undefined && { file: options.oskFile }),
    environment,
    readHost: async () => (apple ? readHostOsk() : undefined),
  });
  if (!osk) throw noKey();
  return osk;
}

function brings({ items }: Esp, name: string): boolean {
  return items.some(({ path }) => path.includes(name));
}
