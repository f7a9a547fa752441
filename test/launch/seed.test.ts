import { describe, expect, test } from 'vitest';
import { type Choice, makeMachine } from '../../src/launch/machine.js';
import { qemuArgs } from '../../src/launch/qemu.js';
import { fakeQemu } from './fake-qemu.js';

// The command lines of the page this program follows, each beside ours. The page's own text is lost in part; its options are kept
// in the project's facts, option by option, and these lines are put together from those.

const QEMU = fakeQemu('7.2.22');
const ours = (choice: Choice) => qemuArgs(makeMachine({ ...choice }), QEMU, { smcConfig: '/dev/fd/3' });
const words = (text: string) => text.trim().split(/\s+/);

const guest: Choice = {
  release: '10.10',
  firmware: { kind: 'bios', loader: './chameleon_svn2783_boot' },
  disks: [{ file: './mac_hdd.img', format: 'qcow2' }],
};

/** Seed: what the page says. Ours: what is started. Every difference has its reason beside it. */
interface Pair {
  readonly name: string;
  readonly choice: Choice;
  readonly seed: string;
  readonly ours: string;
  /** Words of the seed that ours says in another way, or not. */
  readonly gone: readonly string[];
}

/** In every line: */
const EVERYWHERE = [
  '-enable-kvm', // -machine …,accel=kvm: the same, and TCG is said in the same place
  '-device isa-applesmc,osk=…', // -readconfig: the key is in no process list
  '-device ide-drive,bus=ide.2,drive=MacHDD', // ide-hd: ide-drive went with QEMU 6.0
  '-drive id=MacHDD,if=none,file=./mac_hdd.img', // with its format: a guest could make a raw disk look like another one
  '-monitor stdio', // --monitor brings it back; QMP is what the program talks to
];
// Added in every line: -no-user-config -nodefaults (the same machine everywhere), -vga std (Chameleon needs VBE, and -nodefaults
// takes it away), smbios-entry-point-type=32 (QEMU 8.1 would have 64), vmport=off, -global …hotplug… (since 6.1 the guest would
// have no network card; q35 only), -rtc base=localtime (OS X takes the clock for local time).

/** On q35: a pointer that is where the host's is; usb-mouse before QEMU 2.9 and below 10.9. */
const TABLET = '-device usb-mouse';

const HEAD = '-no-user-config -nodefaults -name osx';
const USB = '-usb -device usb-kbd -device usb-tablet';
const MOUSE = '-usb -device usb-kbd -device usb-mouse';
const CLOCK = '-rtc base=localtime';
const KEY = '-readconfig /dev/fd/3';
const Q35 = '-machine q35,accel=kvm,smbios-entry-point-type=32,vmport=off';
const PC = '-machine pc,accel=kvm,smbios-entry-point-type=32,vmport=off';
const CPU = '-m 2048 -cpu core2duo,vendor=GenuineIntel';
const HOTPLUG = '-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off';
const LOADER = '-smbios type=2 -kernel ./chameleon_svn2783_boot';
const HDD = '-drive id=MacHDD,if=none,format=qcow2,file=./mac_hdd.img -device ide-hd,bus=ide.2,drive=MacHDD';
const NET = '-netdev user,id=net0 -device e1000-82545em,netdev=net0,id=mac_vnet0';

const pairs: readonly Pair[] = [
  {
    name: 'plain: q35, the installed guest',
    choice: guest,
    seed: `-enable-kvm -m 2048 -cpu core2duo,vendor=GenuineIntel -machine q35
      -usb -device usb-kbd -device usb-mouse
      -device isa-applesmc,osk=… -kernel ./chameleon_svn2783_boot -smbios type=2
      -device ide-drive,bus=ide.2,drive=MacHDD -drive id=MacHDD,if=none,file=./mac_hdd.img
      -netdev user,id=hub0port0 -device e1000-82545em,netdev=hub0port0,id=mac_vnet0
      -monitor stdio`,
    ours: `${HEAD} ${Q35} ${CPU} ${HOTPLUG} -vga std ${USB} ${KEY} ${LOADER} ${HDD} ${NET} ${CLOCK}`,
    gone: [
      ...EVERYWHERE,
      TABLET,
      '-machine q35', // the same with options
      '-netdev user,id=hub0port0', // any id does
      '-device e1000-82545em,netdev=hub0port0,id=mac_vnet0',
    ],
  },
  {
    name: 'SMP: four processors',
    choice: { ...guest, processors: 4 },
    seed: `-enable-kvm -m 2048 -cpu core2duo,vendor=GenuineIntel -machine q35 -smp 4,cores=2
      -usb -device usb-kbd -device usb-mouse
      -device isa-applesmc,osk=… -kernel ./chameleon_svn2783_boot -smbios type=2
      -device ide-drive,bus=ide.2,drive=MacHDD -drive id=MacHDD,if=none,file=./mac_hdd.img
      -netdev user,id=hub0port0 -device e1000-82545em,netdev=hub0port0,id=mac_vnet0
      -monitor stdio`,
    ours: `${HEAD} ${Q35} ${CPU} -smp 4,sockets=2,cores=2,threads=1 ${HOTPLUG} -vga std ${USB} ${KEY} ${LOADER} ${HDD} ${NET} ${CLOCK}`,
    gone: [
      ...EVERYWHERE,
      TABLET,
      '-machine q35',
      '-smp 4,cores=2', // the same, written out: what is left out has been read in two ways since 6.2
      '-netdev user,id=hub0port0',
      '-device e1000-82545em,netdev=hub0port0,id=mac_vnet0',
    ],
  },
  {
    name: 'PIIX: AHCI added, the network card in a slot of its own',
    choice: { ...guest, chipset: 'pc' },
    seed: `-enable-kvm -m 2048 -cpu core2duo,vendor=GenuineIntel
      -usb -device usb-kbd -device usb-mouse
      -device isa-applesmc,osk=… -kernel ./chameleon_svn2783_boot -smbios type=2
      -device ahci,id=ide
      -device ide-drive,bus=ide.2,drive=MacHDD -drive id=MacHDD,if=none,file=./mac_hdd.img
      -netdev user,id=usr0 -device e1000-82545em,netdev=usr0,id=vnet0,bus=pci.0,addr=5
      -monitor stdio`,
    ours: `${HEAD} ${PC} ${CPU} -vga std ${MOUSE} ${KEY} ${LOADER} -device ahci,id=sata
      ${HDD.replace('ide.2', 'sata.2')} ${NET},bus=pci.0,addr=5 ${CLOCK}`,
    gone: [
      ...EVERYWHERE,
      // Another name: ide.0 and ide.1 are PIIX's own buses, and only a disk on .2 and up would be where it is thought to be.
      '-device ahci,id=ide',
      '-netdev user,id=usr0',
      '-device e1000-82545em,netdev=usr0,id=vnet0,bus=pci.0,addr=5',
    ],
  },
  {
    name: 'virtio-net, with the FAT drive that brings its driver',
    choice: { ...guest, release: '10.9', network: 'virtio-net-pci', folder: '/drivers' },
    seed: `-enable-kvm -m 2048 -cpu core2duo,vendor=GenuineIntel -machine q35
      -usb -device usb-kbd -device usb-mouse
      -device isa-applesmc,osk=… -kernel ./chameleon_svn2783_boot -smbios type=2
      -device ide-drive,bus=ide.2,drive=MacHDD -drive id=MacHDD,if=none,file=./mac_hdd.img
      -device ide-drive,bus=ide.4,drive=fatdrive -drive id=fatdrive,file=fat:ro:/drivers
      -netdev user,id=hub0port0 -device virtio-net,netdev=hub0port0,id=mac_vnet0
      -monitor stdio`,
    // Mavericks wants two processors when it starts for the first time.
    ours: `${HEAD} ${Q35} ${CPU} -smp 2,sockets=1,cores=2,threads=1 ${HOTPLUG} -vga std ${USB} ${KEY} ${LOADER} ${HDD}
      -drive id=fatdrive,if=none,driver=vvfat,readonly=on,dir=/drivers -device usb-storage,drive=fatdrive
      -netdev user,id=net0 -device virtio-net-pci,netdev=net0,id=mac_vnet0 ${CLOCK}`,
    gone: [
      ...EVERYWHERE,
      TABLET,
      '-machine q35',
      // A USB stick: a SATA disk cannot be read-only, and QEMU's FAT drive is nothing else.
      '-device ide-drive,bus=ide.4,drive=fatdrive',
      // if=none is needed since 6.0; driver=vvfat,dir= takes folders with a colon in their name.
      '-drive id=fatdrive,file=fat:ro:/drivers',
      '-netdev user,id=hub0port0',
      '-device virtio-net,netdev=hub0port0,id=mac_vnet0', // an alias of virtio-net-pci
    ],
  },
  {
    name: 'DVD: the installer',
    choice: { ...guest, iso: './Yosemite.iso' },
    seed: `-enable-kvm -m 2048 -cpu core2duo,vendor=GenuineIntel -machine q35
      -usb -device usb-kbd -device usb-mouse
      -device isa-applesmc,osk=… -kernel ./chameleon_svn2783_boot -smbios type=2
      -device ide-drive,bus=ide.2,drive=MacHDD -drive id=MacHDD,if=none,file=./mac_hdd.img
      -netdev user,id=hub0port0 -device e1000-82545em,netdev=hub0port0,id=mac_vnet0
      -monitor stdio
      -device ide-drive,bus=ide.0,drive=MacDVD -drive id=MacDVD,if=none,snapshot=on,file=./Yosemite.iso`,
    ours: `${HEAD} ${Q35} ${CPU} ${HOTPLUG} -vga std ${USB} ${KEY} ${LOADER} ${HDD}
      -drive id=MacDVD,if=none,format=raw,snapshot=on,file=./Yosemite.iso -device ide-hd,bus=ide.0,drive=MacDVD
      ${NET} ${CLOCK}`,
    gone: [
      ...EVERYWHERE,
      TABLET,
      '-machine q35',
      '-netdev user,id=hub0port0',
      '-device e1000-82545em,netdev=hub0port0,id=mac_vnet0',
      // ide-hd and not ide-cd: ide-drive was a disk unless its drive said otherwise, and on a CD no volume is seen.
      '-device ide-drive,bus=ide.0,drive=MacDVD',
      '-drive id=MacDVD,if=none,snapshot=on,file=./Yosemite.iso', // with its format
    ],
  },
];

/** "-device x" pairs of a command line. */
function options(argv: readonly string[]): string[] {
  const found: string[] = [];
  for (const word of argv) {
    if (word.startsWith('-') || found.length === 0) found.push(word);
    else found.push(`${found.pop()} ${word}`);
  }
  return found;
}

describe.each(pairs)('$name', ({ choice, seed, ours: expected, gone }) => {
  test('is started by these words', () => {
    expect(ours(choice)).toEqual(words(expected));
  });

  test('says everything the seed says, but for what is explained', () => {
    const mine = options(ours(choice));
    const missing = options(words(seed)).filter((option) => !mine.includes(option));
    expect(missing.sort()).toEqual([...gone].sort());
  });
});

test('--monitor is the seed’s monitor', () => {
  expect(ours({ ...guest, monitor: true }).join(' ')).toContain('-monitor stdio');
});

test('a disk image’s name may have commas and colons', () => {
  expect(ours({ ...guest, iso: '/a,b:c.iso' }).join(' ')).toContain('snapshot=on,file=/a,,b:c.iso');
});
