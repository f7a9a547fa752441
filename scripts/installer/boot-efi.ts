import { EFI_CODE } from './boot-efi-code.js';

const HEADERS = 0x200;
const TEXT = 0x200;
const PE = 0x80;

/**
 * A stand-in for boot.efi: a UEFI application that prints its nonce on COM1 and ends QEMU with status 67 through
 * isa-debug-exit at port 0xf4. PE32+ with one section and no relocations; integers little-endian (Microsoft's PE format).
 */
export function makeBootEfi(options: { readonly nonce: string }): Uint8Array {
  if (!/^[\x21-\x7e]{1,64}$/.test(options.nonce)) throw new Error('a nonce is 1 to 64 visible ASCII characters');
  const code = EFI_CODE.flatMap((line) => line.bytes);
  const marker = Buffer.from(`\r\nOSX-ISO BOOT.EFI nonce=${options.nonce}\r\n\0`, 'latin1');
  const file = new Uint8Array(HEADERS + TEXT);
  file.set([...code, ...marker], HEADERS);

  const view = new DataView(file.buffer);
  let at = 0;
  const u8 = (value: number) => view.setUint8(at++, value);
  const u16 = (...values: number[]) => {
    for (const value of values) {
      view.setUint16(at, value, true);
      at += 2;
    }
  };
  const u32 = (...values: number[]) => {
    for (const value of values) {
      view.setUint32(at, value, true);
      at += 4;
    }
  };
  const u64 = (...values: number[]) => {
    for (const value of values) u32(value, 0);
  };

  // DOS header: "MZ", and at 0x3c where the PE header is.
  u16(0x5a4d);
  at = 0x3c;
  u32(PE);
  at = PE;

  // "PE\0\0", then the COFF header.
  u32(0x4550);
  u16(0x8664); // Machine: x86-64
  u16(1); // NumberOfSections
  u32(0, 0, 0); // TimeDateStamp, PointerToSymbolTable, NumberOfSymbols
  u16(0xf0); // SizeOfOptionalHeader
  u16(0x0022); // Characteristics: executable, large addresses

  // Optional header, PE32+.
  u16(0x020b);
  u8(0); // MajorLinkerVersion
  u8(0); // MinorLinkerVersion
  u32(TEXT, 0, 0); // SizeOfCode, SizeOfInitializedData, SizeOfUninitializedData
  u32(HEADERS, HEADERS); // AddressOfEntryPoint, BaseOfCode
  u64(0x40_0000); // ImageBase
  u32(0x200, 0x200); // SectionAlignment, FileAlignment
  u16(0, 0, 0, 0, 0, 0); // versions of operating system, image, subsystem
  u32(0, HEADERS + TEXT, HEADERS, 0); // Win32VersionValue, SizeOfImage, SizeOfHeaders, CheckSum
  u16(10, 0); // Subsystem: EFI application; DllCharacteristics
  u64(0x1_0000, 0x1_0000, 0, 0); // SizeOfStackReserve, SizeOfStackCommit, SizeOfHeapReserve, SizeOfHeapCommit
  u32(0, 16); // LoaderFlags, NumberOfRvaAndSizes
  at += 16 * 8; // data directories: none

  // The section header of .text: readable, writable, executable code.
  file.set(Buffer.from('.text', 'latin1'), at);
  at += 8;
  u32(TEXT, HEADERS, TEXT, HEADERS); // VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData
  u32(0, 0); // PointerToRelocations, PointerToLinenumbers
  u16(0, 0); // NumberOfRelocations, NumberOfLinenumbers
  u32(0xe000_0020);
  return file;
}
