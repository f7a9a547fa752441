import { viewOf } from '../formats/bytes.js';
import type { EfiProgram, Section } from '../formats/pe.js';

/** What OpenCore.efi says of itself. */
export interface OpenCoreVersion {
  /** REL: quiet. DBG: it explains itself on the console. NPT: not optimised. Undefined where nothing in the file says so. */
  readonly target?: 'RELEASE' | 'DEBUG' | 'NOOPT';
  /** "1.0.5" */
  readonly version?: string;
}

const TARGETS = { REL: 'RELEASE', DBG: 'DEBUG', NPT: 'NOOPT' } as const;
/** As it is before OpenCore has put its numbers in, and (other compilers, others' builds) after. */
const TEXT = /(REL|DBG|NPT)-(XXX|\d{3})-(?:YYYY|\d{4})-(?:MM|\d\d)-(?:DD|\d\d)/;
/** Bytes of the text. */
const LENGTH = 18;

/**
 * Reads the version out of OpenCore.efi. It keeps the text "REL-XXX-YYYY-MM-DD" (code: OcMiscGetVersionString) and puts the digits of
 * its version in when it starts, by instructions that hold them (measured with 1.0.5, RELEASE and DEBUG: `mov [rip+d], imm` of 1, 2 and
 * 4 bytes). Nothing is refused where they are not found.
 */
export function openCoreVersion(bytes: Uint8Array, { sections }: EfiProgram): OpenCoreVersion {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const found = TEXT.exec(whole);
  if (!found) return {};
  const target = TARGETS[found[1] as keyof typeof TARGETS];
  if (found[2] !== 'XXX') return { target, version: [...found[2]!].join('.') };
  const section = sections.find(({ offset, size }) => found.index >= offset && found.index < offset + size);
  const digits = section && digitsAt(bytes, sections, section.address + found.index - section.offset);
  return digits === undefined ? { target } : { target, version: [...digits].join('.') };
}

/** The three digits that code puts at `text` + 4. */
function digitsAt(bytes: Uint8Array, sections: readonly Section[], text: number): string | undefined {
  const view = viewOf(bytes);
  const put = new Map<number, number>();
  const code = sections.find(({ name }) => name === '.text');
  if (!code) return undefined;
  const end = Math.min(code.offset + code.size, bytes.length) - 10;
  for (let at = code.offset; at < end; at++) {
    const store = storeAt(bytes, at);
    if (!store) continue;
    const next = code.address + at - code.offset + store.length;
    const target = next + view.getInt32(store.displacement, true) - text;
    if (target < 0 || target >= LENGTH) continue;
    const value = at + store.length - store.size;
    for (let i = 0; i < store.size; i++) put.set(target + i, bytes[value + i]!);
  }
  const digits = [4, 5, 6].map((place) => String.fromCharCode(put.get(place) ?? 0)).join('');
  return /^\d{3}$/.test(digits) ? digits : undefined;
}

/** `mov byte/word/dword [rip+disp32], immediate`: its length, that of the immediate, and where the displacement is. */
function storeAt(
  bytes: Uint8Array,
  at: number,
): { readonly length: number; readonly size: number; readonly displacement: number } | undefined {
  if (bytes[at] === 0xc6 && bytes[at + 1] === 0x05) return { length: 7, size: 1, displacement: at + 2 };
  if (bytes[at] === 0x66 && bytes[at + 1] === 0xc7 && bytes[at + 2] === 0x05)
    return { length: 9, size: 2, displacement: at + 3 };
  if (bytes[at] === 0xc7 && bytes[at + 1] === 0x05 && bytes[at - 1] !== 0x66)
    return { length: 10, size: 4, displacement: at + 2 };
  return undefined;
}

/** Whether a program was built with what explains it: in OpenCore's own files all have it, or none (measured with 1.0.5). */
export function hasDebugSection({ sections }: EfiProgram): boolean {
  return sections.some(({ name }) => name === '.debug');
}

/** "OpenCore 1.0.5 (RELEASE)", as far as it is known. */
export function openCoreTitle({ version, target }: OpenCoreVersion): string {
  return `OpenCore${version === undefined ? ' of an unknown version' : ` ${version}`}${target === undefined ? '' : ` (${target})`}`;
}
