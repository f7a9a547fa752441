import type { Guest } from '../../src/guest-folder/guest.js';

/** A guest with every field there is. */
export const WHOLE: Required<Guest> = {
  schema: 1,
  release: '10.10',
  installed: true,
  system: { version: '10.10.5', build: '14F27' },
  iso: '/isos/Install OS X Yosemite.iso',
  disks: [
    { file: 'disk.qcow2', made: true },
    { file: '/disks/data.img', format: 'raw' },
  ],
  loader: { kind: 'chameleon', file: '/loaders/boot', append: 'timeout=5' },
  nvram: 'variables.fd',
  smc: true,
  keyFile: '~/.osk',
  chipset: 'q35',
  memory: 4096,
  processors: 2,
  network: 'e1000-82545em',
  mac: '52:54:00:12:34:56',
  uuid: '6f1f1d3e-33a5-4d39-9c0f-5c1f3a7d3c11',
  ssh: { port: 2222 },
  forwards: [{ host: 8080, guest: 80 }],
  accelerator: 'kvm',
  display: { kind: 'vnc', number: 1 },
  backing: ['/disks/base.img'],
  folder: 'drivers',
  serial: 'serial.log',
  clock: '2015-08-13',
  qemu: '/opt/qemu/bin/qemu-system-x86_64',
  qemuArgs: ['-msg', 'timestamp=on'],
};
