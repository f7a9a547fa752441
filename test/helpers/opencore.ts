import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface EfiOptions {
  /** "REL-105": the target and the digits of the version, as OpenCore.efi has them. */
  readonly says?: string;
  readonly debug?: boolean;
  readonly machine?: number;
}

const ADDRESS = 0x1000;
const CODE = 0x200;

/**
 * An EFI program that does nothing: header, `.text`, `.data`, and of a DEBUG build `.debug`. With `says` it has what OpenCore.efi
 * has of its version (measured with 1.0.5): the text without numbers, and the instructions that put them in.
 */
export function efiProgram({ says, debug = false, machine = 0x8664 }: EfiOptions = {}): Buffer {
  const bytes = Buffer.alloc(0x800);
  bytes.write('MZ');
  bytes.writeUInt32LE(0x40, 60);
  bytes.write('PE', 0x40);
  bytes.writeUInt16LE(machine, 0x44);
  const names = ['.text', '.data', ...(debug ? ['.debug'] : [])];
  bytes.writeUInt16LE(names.length, 0x46);
  bytes.writeUInt16LE(0xf0, 0x54);
  bytes.writeUInt16LE(0x20b, 0x58);
  bytes.writeUInt16LE(10, 0x58 + 68);
  names.forEach((name, i) => {
    const at = 0x58 + 0xf0 + i * 40;
    bytes.write(name, at, 'latin1');
    bytes.writeUInt32LE(0x200, at + 8);
    bytes.writeUInt32LE(ADDRESS * (i + 1), at + 12);
    bytes.writeUInt32LE(0x200, at + 16);
    bytes.writeUInt32LE(CODE + i * 0x200, at + 20);
  });
  if (says !== undefined) {
    const text = 0x40;
    bytes.write(`${says.slice(0, 4)}XXX-YYYY-MM-DD`, CODE + 0x200 + text, 'latin1');
    let at = CODE + 7;
    const store = (opcode: number[], place: number, value: string) => {
      const length = opcode.length + 4 + value.length;
      bytes.set(opcode, at);
      const next = ADDRESS + at - CODE + length;
      bytes.writeInt32LE(2 * ADDRESS + text + place - next, at + opcode.length);
      bytes.write(value, at + opcode.length + 4, 'latin1');
      at += length;
    };
    store([0x66, 0xc7, 0x05], 4, says.slice(4, 6));
    store([0xc6, 0x05], 6, says.slice(6, 7));
    store([0xc7, 0x05], 8, '2025');
  }
  return bytes;
}

export const OPENCORE_DRIVERS = ['OpenRuntime.efi', 'OpenHfsPlus.efi', 'OpenPartitionDxe.efi'];

/** The files of a release as far as they matter, by their paths in its zip. */
export function releaseFiles(options: { says?: string; debug?: boolean } = {}): Map<string, Buffer> {
  const { says = 'REL-105', debug = says.startsWith('DBG') } = options;
  const own = () => efiProgram({ debug });
  return new Map([
    ['X64/EFI/BOOT/BOOTx64.efi', own()],
    ['X64/EFI/OC/OpenCore.efi', efiProgram({ says, debug })],
    ...[...OPENCORE_DRIVERS, 'OpenCanopy.efi'].map((name): [string, Buffer] => [`X64/EFI/OC/Drivers/${name}`, own()]),
    ['IA32/EFI/BOOT/BOOTIA32.efi', efiProgram({ machine: 0x14c })],
    ['IA32/EFI/OC/OpenCore.efi', efiProgram({ machine: 0x14c, says })],
    ['Docs/Sample.plist', Buffer.from('<plist/>')],
  ]);
}

/** Puts files below a folder. */
export function putFiles(folder: string, files: ReadonlyMap<string, Uint8Array | string>): string {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** A kext with a program in it. */
export const kextFiles = (name: string): [string, string][] => [
  [
    `${name}.kext/Contents/Info.plist`,
    `<plist><dict><key>CFBundleIdentifier</key><string>${name}</string></dict></plist>`,
  ],
  [`${name}.kext/Contents/MacOS/${name}`, 'binary'],
];
