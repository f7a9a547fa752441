/**
 * What GRUB's BIOS build wants to load before it starts a kernel of XNU's kind: an ELF object with the two EFI tables that it
 * fills in itself. Debian's own efiemu64.o cannot be loaded ("symbol 'memset' not found"). Little-endian (System V ABI, ELF).
 */
export function makeEfiemuStub(bits: 64 | 32): Uint8Array {
  const word = bits / 8;
  const systemTable = table('IBI SYST', 12, word);
  const runtimeServices = table('RUNTSERV', 14, word);
  const data = Buffer.concat([systemTable, runtimeServices]);
  const names = Buffer.from('\0efiemu_system_table\0efiemu_runtime_services\0', 'latin1');
  const sectionNames = Buffer.from('\0.data\0.symtab\0.strtab\0.shstrtab\0', 'latin1');
  const symbols = Buffer.concat([
    symbol(bits, 0, 0, 0, 0),
    symbol(bits, 1, 0, systemTable.length, 1),
    symbol(bits, 1 + 'efiemu_system_table'.length + 1, systemTable.length, runtimeServices.length, 1),
  ]);

  const headerSize = bits === 64 ? 64 : 52;
  const parts = [data, symbols, names, sectionNames].map((bytes) => Buffer.concat([bytes], align(bytes.length)));
  const at = parts.map((_, i) => headerSize + parts.slice(0, i).reduce((sum, part) => sum + part.length, 0));
  const sections = Buffer.concat([
    section(bits, { name: 0, type: 0, flags: 0, offset: 0, size: 0, link: 0, info: 0, entry: 0 }),
    section(bits, { name: 1, type: 1, flags: 3, offset: at[0]!, size: data.length, link: 0, info: 0, entry: 0 }),
    // SHT_SYMTAB: link = its strings, info = the first symbol that is not local
    section(bits, {
      name: 7,
      type: 2,
      flags: 0,
      offset: at[1]!,
      size: symbols.length,
      link: 3,
      info: 1,
      entry: bits === 64 ? 24 : 16,
    }),
    section(bits, { name: 15, type: 3, flags: 0, offset: at[2]!, size: names.length, link: 0, info: 0, entry: 0 }),
    section(bits, {
      name: 23,
      type: 3,
      flags: 0,
      offset: at[3]!,
      size: sectionNames.length,
      link: 0,
      info: 0,
      entry: 0,
    }),
  ]);
  const sectionsAt = headerSize + parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([header(bits, sectionsAt), ...parts, sections]);
}

const align = (size: number) => Math.ceil(size / 8) * 8;

/** EFI_TABLE_HEADER (signature, revision 1.10, size, CRC, reserved), then words. */
function table(signature: string, words: number, word: number): Buffer {
  const size = 24 + words * word;
  const bytes = Buffer.alloc(size);
  bytes.write(signature, 'latin1');
  bytes.writeUInt32LE(0x1000a, 8);
  bytes.writeUInt32LE(size, 12);
  return bytes;
}

/** Elf64_Ehdr or Elf32_Ehdr of a relocatable object with five sections. */
function header(bits: 64 | 32, sectionsAt: number): Buffer {
  const bytes = Buffer.alloc(bits === 64 ? 64 : 52);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, 1, 1]);
  bytes.writeUInt16LE(1, 16); // e_type: ET_REL
  bytes.writeUInt16LE(bits === 64 ? 62 : 3, 18); // e_machine: x86-64, i386
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(sectionsAt, bits === 64 ? 40 : 32); // e_shoff
  // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
  [bytes.length, 0, 0, bits === 64 ? 64 : 40, 5, 4].forEach((value, i) => {
    bytes.writeUInt16LE(value, (bits === 64 ? 52 : 40) + 2 * i);
  });
  return bytes;
}

interface Section {
  name: number;
  type: number;
  flags: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  entry: number;
}

/** Elf64_Shdr or Elf32_Shdr. */
function section(bits: 64 | 32, s: Section): Buffer {
  if (bits === 32) return u32(s.name, s.type, s.flags, 0, s.offset, s.size, s.link, s.info, 8, s.entry);
  const long = (value: number) => [value, 0];
  return u32(
    ...[s.name, s.type],
    ...[s.flags, 0, s.offset, s.size].flatMap(long), // sh_flags, sh_addr, sh_offset, sh_size
    ...[s.link, s.info],
    ...[8, s.entry].flatMap(long), // sh_addralign, sh_entsize
  );
}

/** Elf64_Sym or Elf32_Sym of a global object. */
function symbol(bits: 64 | 32, name: number, value: number, size: number, inSection: number): Buffer {
  const kind = inSection === 0 ? 0 : 0x11; // STB_GLOBAL, STT_OBJECT
  const packed = kind | (inSection << 16);
  return bits === 64 ? u32(name, packed, value, 0, size, 0) : u32(name, value, size, packed);
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, 4 * i);
  });
  return bytes;
}
