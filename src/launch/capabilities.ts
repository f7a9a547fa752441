import { ask } from '../host/ask.js';

/** A version of QEMU. */
export type Version = readonly [major: number, minor: number, micro: number];

/** What an installed QEMU says it can do. */
export interface Capabilities {
  /** As it is called: a bare name or a path. */
  readonly program: string;
  readonly version: Version;
  /** Names and aliases in `-device help`. */
  readonly devices: ReadonlySet<string>;
  /** "kvm", "tcg", "hvf". */
  readonly accelerators: ReadonlySet<string>;
  /** Properties of the machine q35; those that matter here are the same for pc. */
  readonly machineProperties: ReadonlySet<string>;
  /** User-mode networking (libslirp) was compiled in. */
  readonly userNetwork: boolean;
  /** What it shows a guest's screen with: "gtk", "sdl"; undefined where it does not say. */
  readonly displays?: ReadonlySet<string>;
}

/** A recent QEMU as distributions build it, where there is none to ask. */
export const ASSUMED: Capabilities = {
  program: 'qemu-system-x86_64',
  version: [9, 0, 0],
  devices: new Set([
    ...['isa-applesmc', 'ide-hd', 'ahci', 'usb-storage', 'usb-tablet'],
    ...['e1000-82545em', 'virtio-net-pci', 'vmxnet3'],
  ]),
  accelerators: new Set(['kvm', 'hvf', 'tcg']),
  machineProperties: new Set(['smbios-entry-point-type', 'vmport']),
  userNetwork: true,
};

export const QEMU = 'qemu-system-x86_64';

export function atLeast(version: Version, major: number, minor: number): boolean {
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

/** "QEMU emulator version 7.2.22 (Debian …)" */
export function parseVersion(text: string): Version | undefined {
  const found = /version (\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

/** Lines like: name "virtio-net-pci", bus PCI, alias "virtio-net" */
export function parseDevices(text: string): Set<string> {
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    for (const [, name] of line.matchAll(/(?:^name|, alias) "([^"]+)"/g)) if (name !== undefined) names.add(name);
  }
  return names;
}

/** Lines like: "  vmport=<OnOffAuto>     - Enable vmport (pc & q35)"; older: "q35.vmport=OnOffAuto (Enable …)" */
export function parseMachineProperties(text: string): Set<string> {
  const found = text.matchAll(/^\s*(?:[\w.-]+\.)?([\w-]+)=/gm);
  return new Set([...found].map(([, name]) => name!));
}

/** One name a line below a heading that ends with a colon. */
export function parseNames(text: string): Set<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => /^[\w-]+$/.test(line)),
  );
}

/** One a line; before 5.2 "Possible accelerators: kvm, xen, hax, tcg", which says nothing of what was built in. */
export function parseAccelerators(text: string): Set<string> {
  const old = /accelerators: (\S.*)$/m.exec(text)?.[1];
  return old === undefined ? parseNames(text) : new Set(old.split(/,\s*/));
}

const known = new Map<string, Promise<Capabilities | undefined>>();

/** Asks the installed QEMU, once a program, path and process. Undefined where there is none, or it does not say its version. */
export function capabilitiesOf(program: string = QEMU): Promise<Capabilities | undefined> {
  // A bare name is another program on another path.
  const key = JSON.stringify([program, process.env.PATH]);
  let answer = known.get(key);
  if (!answer) {
    answer = probe(program);
    known.set(key, answer);
  }
  return answer;
}

async function probe(program: string): Promise<Capabilities | undefined> {
  const [version, devices, accelerators, properties, networks, displays] = await Promise.all([
    ask`${program} --version`,
    ask`${program} -device help`,
    ask`${program} -accel help`,
    ask`${program} -machine q35,help`,
    // Older ones know no such help, and all of them had it.
    ask`${program} -netdev help`,
    // From 3.1 on (code: QEMU's change log); an older one exits with an error.
    ask`${program} -display help`,
  ]);
  const parsed = version === undefined ? undefined : parseVersion(version);
  if (!parsed) return undefined;
  return {
    program,
    version: parsed,
    devices: parseDevices(devices ?? ''),
    accelerators: parseAccelerators(accelerators ?? 'tcg\nkvm'),
    machineProperties: parseMachineProperties(properties ?? ''),
    userNetwork: networks === undefined || parseNames(networks).has('user'),
    ...(displays !== undefined && { displays: parseNames(displays) }),
  };
}
