/** What a release of OS X needs of a virtual machine and of its host. Sources: the tables of the project's facts (qemu, users). */
export interface Profile {
  /** The first two parts of ProductVersion, "10.10"; from 11 on the first. */
  readonly release: string;
  readonly name: string;
  /** QEMU's CPU model; the vendor is always GenuineIntel, which AMD hosts need and Intel hosts do not mind. */
  readonly cpu: 'core2duo' | 'Penryn';
  /** Added to the model: "+sse4.2". */
  readonly cpuFlags: readonly string[];
  /** Flags that the host's processor must have under KVM, as /proc/cpuinfo names them. */
  readonly hostFlags: readonly string[];
  /** MiB, at least. */
  readonly memory: number;
  /** At least. */
  readonly processors: number;
  /** Drives QEMU's tablet, whose pointer is where the host's is: 10.9 on EHCI (measured by others), later ones (reported). */
  readonly tablet: boolean;
  /** Drives QEMU's XHCI controllers: not 10.9 (measured by others), nor what is older (inferred). */
  readonly xhci: boolean;
  /** Stumbles over UHCI controllers under KVM. */
  readonly uhciUnderKvm: boolean;
  /** Does not listen to the ACPI power button: 10.9 (measured by others). */
  readonly ignoresPowerButton: boolean;
  readonly network: NetworkModel;
  /** An SMBIOS base-board record (`-smbios type=2`): 10.7 and 10.8 stop without one; the seed gives it up to 10.11. */
  readonly baseBoard: boolean;
  /** Reads IA32_PERF_CTL (MSR 0x199): the host's kernel must answer or ignore it. */
  readonly readsPerfCtl: boolean;
  /** Executes MONITOR/MWAIT when idle. */
  readonly usesMwait: boolean;
  /** The first QEMU whose AppleSMC model is good enough. */
  readonly qemu: readonly [major: number, minor: number];
  /** For people, once, where they start this release. */
  readonly notes: readonly string[];
}

export type NetworkModel = 'e1000-82545em' | 'virtio-net-pci' | 'vmxnet3';

const OLD = {
  cpu: 'core2duo',
  cpuFlags: [],
  hostFlags: ['ssse3'],
  memory: 2048,
  processors: 1,
  tablet: true,
  xhci: false,
  uhciUnderKvm: true,
  ignoresPowerButton: false,
  network: 'e1000-82545em',
  baseBoard: true,
  readsPerfCtl: false,
  usesMwait: false,
  qemu: [2, 1],
} as const;

/** From Sierra on: SSE4.1, and what OpenCore's users give. */
const NEW = {
  ...OLD,
  cpu: 'Penryn',
  hostFlags: ['ssse3', 'sse4_1'],
  memory: 4096,
  xhci: true,
  baseBoard: false,
  readsPerfCtl: true,
  qemu: [2, 10],
} as const;

export const profiles: readonly Profile[] = [
  {
    ...OLD,
    release: '10.6',
    name: 'Snow Leopard',
    tablet: false,
    uhciUnderKvm: false,
    usesMwait: true,
    notes: [],
  },
  {
    ...OLD,
    release: '10.7',
    name: 'Lion',
    tablet: false,
    usesMwait: true,
    notes: ['Lion panics on some newer Intel processors: give it --accel tcg to see whether that is it.'],
  },
  { ...OLD, release: '10.8', name: 'Mountain Lion', tablet: false, notes: [] },
  {
    ...OLD,
    release: '10.9',
    name: 'Mavericks',
    // The first start after the installation wants more than one (reported).
    processors: 2,
    ignoresPowerButton: true,
    notes: [],
  },
  { ...OLD, release: '10.10', name: 'Yosemite', readsPerfCtl: true, notes: [] },
  { ...OLD, release: '10.11', name: 'El Capitan', xhci: true, readsPerfCtl: true, notes: [] },
  {
    ...NEW,
    release: '10.12',
    name: 'Sierra',
    memory: 2048,
    notes: ['Sierra is started by Enoch (a Chameleon); 10.12.4 and later only with QEMU 2.10 or newer.'],
  },
  { ...NEW, release: '10.13', name: 'High Sierra', notes: [] },
  { ...NEW, release: '10.14', name: 'Mojave', notes: [] },
  {
    ...NEW,
    release: '10.15',
    name: 'Catalina',
    cpuFlags: ['+sse4.2'],
    hostFlags: ['ssse3', 'sse4_1', 'sse4_2'],
    notes: [],
  },
  {
    ...NEW,
    release: '11',
    name: 'Big Sur',
    cpuFlags: ['+sse4.2'],
    hostFlags: ['ssse3', 'sse4_1', 'sse4_2'],
    notes: [],
  },
  {
    ...NEW,
    release: '12',
    name: 'Monterey',
    cpuFlags: ['+sse4.2'],
    hostFlags: ['ssse3', 'sse4_1', 'sse4_2'],
    notes: [],
  },
  {
    ...NEW,
    release: '13',
    name: 'Ventura',
    cpuFlags: ['+sse4.2', '+avx2'],
    hostFlags: ['ssse3', 'sse4_1', 'sse4_2', 'avx2'],
    // e1000 has no driver any more.
    network: 'vmxnet3',
    notes: [],
  },
];

/** The release that is taken where nobody says which. */
export const DEFAULT_RELEASE = '10.10';

/** The profile of a version ("10.10", "10.10.5", "11.7") or of a name ("yosemite"); undefined for one that is not known. */
export function profileOf(given: string): Profile | undefined {
  const wanted = given.trim().toLowerCase();
  return profiles.find(
    ({ release, name }) => wanted === name.toLowerCase() || wanted === release || wanted.startsWith(`${release}.`),
  );
}
