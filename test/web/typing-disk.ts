/** 16-bit code at 0x7c00, each line beside its bytes; interrupts are on, as the BIOS has them. */
const CODE: readonly (readonly [asm: string, ...bytes: number[]])[] = [
  ['cld', 0xfc],
  ['xor ax, ax', 0x31, 0xc0],
  ['mov ds, ax', 0x8e, 0xd8],
  // 320 x 200 in 256 colours, which QEMU shows as it is: no cursor blinks.
  ['mov ax, 0x13', 0xb8, 0x13, 0x00],
  ['int 0x10', 0xcd, 0x10],
  ['mov ax, 0xa000', 0xb8, 0x00, 0xa0],
  ['mov es, ax', 0x8e, 0xc0],
  ['xor di, di', 0x31, 0xff],
  ['mov cx, 64000', 0xb9, 0x00, 0xfa],
  // Stripes of every colour, no two rows alike.
  ['paint: mov ax, di', 0x89, 0xf8],
  ['add al, ah', 0x00, 0xe0],
  ['stosb', 0xaa],
  ['loop paint', 0xe2, 0xf9],
  ['key: mov ah, 0', 0xb4, 0x00],
  ['int 0x16', 0xcd, 0x16],
  ['mov bl, al', 0x88, 0xc3],
  ['mov dx, 0x3fd', 0xba, 0xfd, 0x03],
  ['busy: in al, dx', 0xec],
  ['test al, 0x20', 0xa8, 0x20],
  ['jz busy', 0x74, 0xfb],
  ['mov al, bl', 0x88, 0xd8],
  ['mov dx, 0x3f8', 0xba, 0xf8, 0x03],
  ['out dx, al', 0xee],
  // The first row has its colour.
  ['xor di, di', 0x31, 0xff],
  ['mov cx, 320', 0xb9, 0x40, 0x01],
  ['rep stosb', 0xf3, 0xaa],
  ['jmp key', 0xeb, 0xe3],
];

const SIZE = 1 << 20;

/**
 * A raw disk whose boot sector paints the screen, and then writes each character that the BIOS's keyboard gives to COM1 and into the
 * picture.
 */
export function makeTypingDisk(): Uint8Array {
  const disk = Buffer.alloc(SIZE);
  disk.set(
    CODE.flatMap(([, ...bytes]) => bytes),
    0,
  );
  disk.set([0x55, 0xaa], 510);
  return disk;
}
