import type { Capabilities } from './capabilities.js';
import { DEVICE_NAMES, deviceName, hasGoodTablet, MACHINE_OPTIONS, OPTIONS, READ_ONLY } from './differences.js';
import type { Disk, Machine } from './machine.js';

/** What a machine is given besides, when it is really started. */
export interface Runtime {
  /** What isa-applesmc is configured by: a file, or an inherited descriptor ("/dev/fd/3"). */
  readonly smcConfig?: string;
  /** QMP's socket. */
  readonly qmp?: string;
  /** A second one, for other processes: a monitor listens to one at a time. */
  readonly control?: string;
  /** The socket for the screen of a machine whose display is 'web'. */
  readonly vnc?: string;
  /** QEMU ends where the guest restarts. */
  readonly noReboot?: boolean;
}

/** The arguments for the machine. Pure: the same machine and capabilities always give the same words, in the same order. */
export function qemuArgs(machine: Machine, capabilities: Capabilities, runtime: Runtime = {}): string[] {
  return Object.values(qemuParts(machine, capabilities, runtime)).flat();
}

/** The same in parts, in their order, for programs that start QEMU on their own and have words of theirs for some. */
export function qemuParts(machine: Machine, capabilities: Capabilities, runtime: Runtime = {}) {
  const { chipset } = machine;
  return {
    // Nothing but what is said here, on any distribution.
    alone: ['-no-user-config', '-nodefaults'],
    name: ['-name', first('guest', machine.name)],
    machine: [
      '-machine',
      [chipset, `accel=${machine.accelerator}`, ...machineOptions(machine, capabilities)].join(','),
    ],
    memory: ['-m', String(machine.memory)],
    cpu: ['-cpu', [machine.cpu.model, `vendor=${machine.cpu.vendor}`, ...machine.cpu.flags].join(',')],
    smp: smp(machine),
    differences: OPTIONS.filter((row) => row.applies(capabilities, chipset)).flatMap(({ option }) => option),
    // The loader needs VBE, and -nodefaults takes the graphics card away.
    display: ['-vga', 'std', ...display(machine, runtime)],
    usb: usb(machine, capabilities),
    smc: machine.smc && runtime.smcConfig !== undefined ? ['-readconfig', runtime.smcConfig] : [],
    baseBoard: machine.baseBoard ? ['-smbios', 'type=2'] : [],
    uuid: machine.uuid !== undefined ? ['-uuid', machine.uuid] : [],
    firmware: firmware(machine),
    // A controller comes before what hangs on it. The PIIX machine has none: its IDE buses are ide.0 and ide.1.
    sata: chipset === 'pc' ? ['-device', 'ahci,id=sata'] : [],
    disks: machine.disks.flatMap((disk) => diskOptions(disk, chipset, capabilities)),
    network: network(machine, capabilities),
    // Everything behind "file:" is the name, commas as they are.
    serial: machine.serial !== undefined ? ['-serial', `file:${machine.serial}`] : [],
    // Without a date OS X takes the clock for local time (the project's word; not measured).
    clock: ['-rtc', `base=${machine.clock ?? 'localtime'}`],
    monitor: machine.monitor ? ['-monitor', 'stdio'] : [],
    reboot: runtime.noReboot === true ? ['-no-reboot'] : [],
    qmp: [runtime.qmp, runtime.control].flatMap((socket) => (socket === undefined ? [] : ['-qmp', monitorAt(socket)])),
    extra: machine.extra,
  };
}

function monitorAt(socket: string): string {
  return `unix:${first('path', socket)},server=on,wait=off`;
}

/** A comma inside a value is doubled. */
export function comma(value: string): string {
  return value.replaceAll(',', ',,');
}

/** A value that stands first, where its key may be left out unless there is a "=" in it. */
function first(key: string, value: string): string {
  return value.includes('=') ? `${key}=${comma(value)}` : comma(value);
}

/** Properties of the machine type, which a second -machine may add. */
export function machineOptions({ chipset }: Machine, capabilities: Capabilities): string[] {
  return MACHINE_OPTIONS.filter((row) => row.applies(capabilities, chipset)).map(({ option }) => option);
}

function smp({ smp: { sockets, cores, threads } }: Machine): string[] {
  const count = sockets * cores * threads;
  return count === 1 ? [] : ['-smp', `${count},sockets=${sockets},cores=${cores},threads=${threads}`];
}

function display({ display: shown }: Machine, { vnc }: Runtime): string[] {
  switch (shown.kind) {
    case 'window':
      return [];
    case 'none':
      return ['-display', 'none'];
    case 'vnc':
      return ['-display', 'none', '-vnc', `127.0.0.1:${shown.number}`];
    case 'web':
      return ['-display', 'none', ...(vnc === undefined ? [] : ['-vnc', first('vnc', `unix:${vnc}`)])];
  }
}

/** Before QEMU 2.9 a tablet's pointer is off in OS X. */
export function pointerOf({ usb: { pointer } }: Machine, capabilities: Capabilities): 'tablet' | 'mouse' {
  return pointer === 'tablet' && hasGoodTablet(capabilities) ? 'tablet' : 'mouse';
}

function usb(machine: Machine, capabilities: Capabilities): string[] {
  const { controller } = machine.usb;
  // On q35 "-usb" is EHCI with three UHCI companions at 1d (measured), on pc the PIIX's UHCI. Function 0 is what a guest looks for
  // first; slot 7 of a pc shares no interrupt with AHCI.
  const slot = machine.chipset === 'q35' ? '1d' : '7';
  const own = controller === 'ehci' ? ['-device', `ich9-usb-ehci1,id=ehci,addr=${slot}`] : ['-usb'];
  const bus = controller === 'ehci' ? ',bus=ehci.0' : '';
  const pointer = `usb-${pointerOf(machine, capabilities)}`;
  return [...own, '-device', `usb-kbd${bus}`, '-device', `${pointer}${bus}`];
}

function firmware({ firmware: chosen }: Machine): string[] {
  if (chosen.kind === 'bios') {
    if (chosen.loader === undefined) return [];
    return ['-kernel', chosen.loader, ...(chosen.append === undefined ? [] : ['-append', chosen.append])];
  }
  const vars = chosen.varsReadOnly ? 'snapshot=on,' : '';
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,${READ_ONLY},file=${comma(chosen.code)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,${vars}file=${comma(chosen.vars)}`],
  ];
}

export function diskOptions(disk: Disk, chipset: Machine['chipset'], capabilities: Capabilities): string[] {
  const boot = disk.bootIndex === undefined ? '' : `,bootindex=${disk.bootIndex}`;
  if (disk.port === 'usb') {
    // QEMU's FAT drive is read-only, and only USB sticks may be.
    return [
      ...['-drive', `id=${disk.id},if=none,driver=vvfat,${READ_ONLY},dir=${comma(disk.file)}`],
      ...['-device', `usb-storage,drive=${disk.id}${boot}`],
    ];
  }
  const bus = chipset === 'q35' ? 'ide' : 'sata';
  const kept = disk.snapshot ? 'snapshot=on,' : '';
  return [
    // The format is always said: a guest could make a raw disk look like another one.
    ...['-drive', `id=${disk.id},if=none,format=${disk.format},${kept}file=${comma(disk.file)}`],
    ...['-device', `${deviceName(DEVICE_NAMES.disk, capabilities)},bus=${bus}.${disk.port},drive=${disk.id}${boot}`],
  ];
}

function network({ network: model, chipset, mac, forwards }: Machine, capabilities: Capabilities): string[] {
  // A QEMU without libslirp has no user-mode network; the machine starts without one.
  if (model === 'none' || !capabilities.userNetwork) return [];
  const name = model === 'virtio-net-pci' ? deviceName(DEVICE_NAMES.virtioNet, capabilities) : model;
  // On PIIX slot 4 shares its interrupt with AHCI and USB, slot 5 has its own.
  const slot = chipset === 'pc' ? ',bus=pci.0,addr=5' : '';
  const ports = forwards.map(({ host, guest }) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`);
  const address = mac === undefined ? '' : `,mac=${mac}`;
  return [
    ...['-netdev', `user,id=net0${ports.join('')}`],
    ...['-device', `${name},netdev=net0,id=mac_vnet0${address}${slot}`],
  ];
}
