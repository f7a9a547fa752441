import { CODE } from './kernel-code.js';

/** Where the loader puts the file, in physical memory: byte 0 of the Mach-O is at this address. */
export const LOAD_ADDRESS = 0x200000;
/** What XNU's 64-bit kernels are linked at; the loader takes it off again. */
const HIGH = 0xffff_ff80_0000_0000n;

/** Offsets in the first page of a slice. The code knows them as addresses, so they never move. */
export const PLACE = {
  code: 0x200,
  /** u32: how many u32s the file has, for the sum. */
  words: 0x2fc,
  /** Text printed on COM1, ends with a NUL. */
  marker: 0x300,
  /** The version string that Chameleon looks for. */
  version: 0x400,
  /** The stack grows down from here; zero in the file. */
  stack: 0x1000,
} as const;

const PAGE = 0x1000;
const MIN_SIZE = 2 * PAGE;
const MAX_SIZE = 64 << 20;
const CPU_X86_64 = 0x0100_0007;
const CPU_I386 = 7;

export const DEFAULT_KERNEL_SIZE = 1_310_720;
export const DEFAULT_KERNEL_VERSION =
  'Darwin Kernel Version 14.5.0: a stand-in made by osx-iso for its tests; root:xnu-2782.40.9~1/RELEASE_X86_64';

export interface KernelOptions {
  /** Printed on the serial port: 1 to 64 visible ASCII characters. */
  readonly nonce: string;
  /** 'fat' holds both slices, x86_64 first. */
  readonly bits: 64 | 32 | 'fat';
  readonly version?: string;
  /** Bytes of the whole file, rounded up to whole pages; a real kernel has more than 1 MiB, and so has the default. */
  readonly size?: number;
  /** Link the 64-bit slice where it is loaded: GRUB's UEFI build faults on the addresses of a real kernel. */
  readonly low?: boolean;
}

/**
 * A kernel stand-in for boot tests: a Mach-O that prints its nonce and its boot arguments on COM1 and ends QEMU with
 * status 33 through isa-debug-exit at port 0xf4 (35 when it was not loaded whole). Integers little-endian (mach-o/loader.h).
 */
export function makeKernel(options: KernelOptions): Uint8Array {
  if (!/^[\x21-\x7e]{1,64}$/.test(options.nonce)) throw new Error('a nonce is 1 to 64 visible ASCII characters');
  const size = Math.ceil((options.size ?? DEFAULT_KERNEL_SIZE) / PAGE) * PAGE;
  const least = options.bits === 'fat' ? PAGE + 2 * MIN_SIZE : MIN_SIZE;
  if (!(size >= least && size <= MAX_SIZE)) throw new Error(`a kernel stand-in has ${least} to ${MAX_SIZE} bytes`);
  return options.bits === 'fat' ? makeFat(options, size) : makeSlice(options, options.bits, size);
}

/** A fat file: fat_header and two fat_arch, big-endian (mach-o/fat.h), then the slices on page boundaries. */
function makeFat(options: KernelOptions, size: number): Uint8Array {
  const first = Math.floor((size - PAGE) / 2 / PAGE) * PAGE;
  const slices = [
    { cpu: CPU_X86_64, offset: PAGE, bytes: makeSlice(options, 64, first) },
    { cpu: CPU_I386, offset: PAGE + first, bytes: makeSlice(options, 32, size - PAGE - first) },
  ];
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xcafe_babe);
  view.setUint32(4, slices.length);
  slices.forEach((slice, i) => {
    // cputype, cpusubtype, offset, size, align (a power of two)
    [slice.cpu, 3, slice.offset, slice.bytes.length, 12].forEach((value, field) => {
      view.setUint32(8 + 20 * i + 4 * field, value);
    });
    file.set(slice.bytes, slice.offset);
  });
  return file;
}

function makeSlice(options: KernelOptions, bits: 64 | 32, size: number): Uint8Array {
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  const header = bits === 64 ? header64(size, options.low ? 0n : HIGH) : header32(size);
  header.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });

  file.set(
    CODE.flatMap((line) => line.bytes),
    PLACE.code,
  );
  view.setUint32(PLACE.words, size / 4, true);
  putText(file, PLACE.marker, PLACE.version, `\r\nOSX-ISO KERNEL nonce=${options.nonce} bits=${bits}\r\n`);
  putText(file, PLACE.version, PLACE.stack - 0x200, options.version ?? DEFAULT_KERNEL_VERSION);

  // Filler that differs from page to page and does not compress; the last word makes the sum of the whole zero.
  let seed = 0x9e37_79b9 ^ bits;
  for (const char of options.nonce) seed = Math.imul(seed ^ char.charCodeAt(0), 0x0100_0193);
  let sum = 0;
  for (let at = 0; at < size; at += 4) {
    if (at >= PAGE) {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      view.setUint32(at, seed >>> 0, true);
    }
    const turned = ((sum << 1) | (sum >>> 31)) >>> 0;
    if (at === size - 4) view.setUint32(at, -turned >>> 0, true);
    sum = (turned + view.getUint32(at, true)) >>> 0;
  }
  return file;
}

/** mach_header_64, one LC_SEGMENT_64 over the whole file, LC_UNIXTHREAD; as u32s. */
function header64(size: number, base: bigint): number[] {
  const u64 = (value: bigint) => [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  const address = base + BigInt(LOAD_ADDRESS);
  const segment = [
    ...[0x19, 72], // cmd LC_SEGMENT_64, cmdsize
    ...TEXT_NAME,
    ...u64(address), // vmaddr
    ...u64(BigInt(size)), // vmsize
    ...[0, 0], // fileoff
    ...u64(BigInt(size)), // filesize
    ...[7, 7, 0, 0], // maxprot, initprot, nsects, flags
  ];
  const thread = [
    ...[5, 184, 4, 42], // cmd LC_UNIXTHREAD, cmdsize, flavor x86_THREAD_STATE64, count of u32s
    ...new Array<number>(32).fill(0), // rax … r15
    ...u64(address + BigInt(PLACE.code)), // rip
    ...new Array<number>(8).fill(0), // rflags, cs, fs, gs
  ];
  // magic, cputype, cpusubtype, filetype MH_EXECUTE, ncmds, sizeofcmds, flags MH_NOUNDEFS, reserved
  return [0xfeed_facf, CPU_X86_64, 3, 2, 2, 4 * (segment.length + thread.length), 1, 0, ...segment, ...thread];
}

/** mach_header, one LC_SEGMENT over the whole file, LC_UNIXTHREAD; as u32s. */
function header32(size: number): number[] {
  const segment = [
    ...[1, 56], // cmd LC_SEGMENT, cmdsize
    ...TEXT_NAME,
    ...[LOAD_ADDRESS, size, 0, size], // vmaddr, vmsize, fileoff, filesize
    ...[7, 7, 0, 0], // maxprot, initprot, nsects, flags
  ];
  const thread = [
    ...[5, 80, 1, 16], // cmd LC_UNIXTHREAD, cmdsize, flavor x86_THREAD_STATE32, count of u32s
    ...new Array<number>(10).fill(0), // eax … eflags
    LOAD_ADDRESS + PLACE.code, // eip
    ...new Array<number>(5).fill(0), // cs … gs
  ];
  // magic, cputype, cpusubtype, filetype MH_EXECUTE, ncmds, sizeofcmds, flags MH_NOUNDEFS
  return [0xfeed_face, CPU_I386, 3, 2, 2, 4 * (segment.length + thread.length), 1, ...segment, ...thread];
}

/** segname "__TEXT", 16 bytes, as u32s. */
const TEXT_NAME = [0x4554_5f5f, 0x5458, 0, 0];

function putText(file: Uint8Array, from: number, end: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  if (from + bytes.length >= end) throw new Error(`"${text}" is longer than the ${end - from - 1} bytes it may have`);
  file.set(bytes, from);
}
