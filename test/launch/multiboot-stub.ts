const LOAD = 0x100000;

/** 32-bit code, each line beside its bytes. Text mode is on: the BIOS left it so. */
const CODE: readonly (readonly [asm: string, ...bytes: number[]])[] = [
  ['cli', 0xfa],
  ['cld', 0xfc],
  ['mov esp, 0x90000', 0xbc, 0x00, 0x00, 0x09, 0x00],
  // The whole screen of 80 x 25: white on blue.
  ['mov edi, 0xb8000', 0xbf, 0x00, 0x80, 0x0b, 0x00],
  ['mov ecx, 2000', 0xb9, 0xd0, 0x07, 0x00, 0x00],
  ['mov eax, 0x1fb0', 0xb8, 0xb0, 0x1f, 0x00, 0x00],
  ['rep stosw', 0xf3, 0x66, 0xab],
  // The text in its middle and on COM1: white on red.
  ['mov edi, 0xb8000 + 160*12 + 60', 0xbf, 0xbc, 0x87, 0x0b, 0x00],
  ['mov esi, marker', 0xbe, 0x63, 0x00, 0x10, 0x00],
  ['print: lodsb', 0xac],
  ['test al, al', 0x84, 0xc0],
  ['jz stay', 0x74, 0x18],
  ['mov ah, 0x4f', 0xb4, 0x4f],
  ['stosw', 0x66, 0xab],
  ['mov ah, al', 0x88, 0xc4],
  ['mov dx, 0x3fd', 0x66, 0xba, 0xfd, 0x03],
  ['busy: in al, dx', 0xec],
  ['test al, 0x20', 0xa8, 0x20],
  ['jz busy', 0x74, 0xfb],
  ['mov al, ah', 0x88, 0xe0],
  ['mov dx, 0x3f8', 0x66, 0xba, 0xf8, 0x03],
  ['out dx, al', 0xee],
  ['jmp print', 0xeb, 0xe3],
  ['stay: hlt', 0xf4],
  ['jmp stay', 0xeb, 0xfd],
];

/**
 * A stand-in for Chameleon's second stage: a flat multiboot file that colours the screen, writes the text on it and on COM1, and
 * stays. (Multiboot Specification 0.6.96; flags bit 16: the addresses are in the header.)
 */
export function makeMultibootStub(text: string): Uint8Array {
  const header = new DataView(new ArrayBuffer(32));
  const magic = 0x1bad_b002;
  const flags = 0x0001_0000;
  // magic, flags, checksum; header, load, load end (0: all of the file), bss end, entry: addresses
  [magic, flags, -(magic + flags) >>> 0, LOAD, LOAD, 0, 0, LOAD + 32].forEach((word, i) => {
    header.setUint32(4 * i, word, true);
  });
  const code = CODE.flatMap(([, ...bytes]) => bytes);
  return Buffer.concat([Buffer.from(header.buffer), Buffer.from(code), Buffer.from(`${text}\0`, 'latin1')]);
}
