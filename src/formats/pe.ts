import { SourceError } from '../errors.js';
import { viewOf } from './bytes.js';

/** A section of a PE file. Offsets in the file and addresses once loaded, bytes. */
export interface Section {
  readonly name: string;
  readonly address: number;
  readonly offset: number;
  /** Of what is in the file. */
  readonly size: number;
}

/** An EFI program as far as it matters here. */
export interface EfiProgram {
  readonly machine: number;
  readonly sections: readonly Section[];
}

const MACHINE_X64 = 0x8664;
const MACHINES: Readonly<Record<number, string>> = { 332: '32-bit x86', 43620: 'ARM64', 512: 'Itanium' };
const MOST_SECTIONS = 96;

/**
 * A PE/COFF file (Microsoft's PE format): u16 `MZ`, at 60 u32 the offset of `PE\0\0`; behind that u16 machine, u16 sections, 12 bytes,
 * u16 size of the optional header, u16 flags; behind the optional header 40 bytes a section: name[8], u32 size loaded, u32 address, u32
 * size, u32 offset. All little-endian. SourceError for what is none, or not for 64-bit x86.
 */
export function readEfiProgram(bytes: Uint8Array, name: string): EfiProgram {
  const view = viewOf(bytes);
  const at = bytes.length >= 64 && view.getUint16(0, true) === 0x5a4d ? view.getUint32(60, true) : bytes.length;
  if (at + 24 > bytes.length || view.getUint32(at, true) !== 0x4550) throw notEfi(name, 'another file');
  const machine = view.getUint16(at + 4, true);
  if (machine !== MACHINE_X64) {
    throw notEfi(name, `one for ${MACHINES[machine] ?? `a machine of type 0x${machine.toString(16)}`}`);
  }
  const count = Math.min(view.getUint16(at + 6, true), MOST_SECTIONS);
  const first = at + 24 + view.getUint16(at + 20, true);
  const sections: Section[] = [];
  for (let i = 0; i < count && first + (i + 1) * 40 <= bytes.length; i++) {
    const start = first + i * 40;
    sections.push({
      name: Buffer.from(bytes.subarray(start, start + 8))
        .toString('latin1')
        .replace(/\0.*$/s, ''),
      address: view.getUint32(start + 12, true),
      size: view.getUint32(start + 16, true),
      offset: view.getUint32(start + 20, true),
    });
  }
  return { machine, sections };
}

function notEfi(name: string, found: string): SourceError {
  return new SourceError(`${name}: expected an EFI program for 64-bit x86, found ${found}.`);
}
