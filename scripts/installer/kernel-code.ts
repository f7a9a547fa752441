/** One instruction or datum: the assembler's line (NASM) and the bytes it stands for. A test holds one against the other. */
export interface CodeLine {
  readonly asm: string;
  readonly bytes: readonly number[];
}

const line = (asm: string, ...bytes: number[]): CodeLine => ({ asm, bytes });

/**
 * The kernel stand-in's code, at 0x200200. A loader enters it as it enters XNU: 32-bit protected mode, flat segments, paging
 * off, EAX = address of the boot arguments (struct boot_args: u16 revision, u16 version; the command line at +4 in
 * version 1, at +8 in version 2). Addresses are those of kernel.ts's PLACE, from 0x200000.
 */
export const CODE: readonly CodeLine[] = [
  line('cli', 0xfa),
  line('cld', 0xfc),
  line('mov ebp, eax', 0x89, 0xc5),
  line('mov esp, 0x201000', 0xbc, 0x00, 0x10, 0x20, 0x00),
  // Sum of the whole file as loaded, turned by a bit before each word: zero, or something was not read as it was written.
  line('xor eax, eax', 0x31, 0xc0),
  line('mov esi, 0x200000', 0xbe, 0x00, 0x00, 0x20, 0x00),
  line('mov ecx, [0x2002fc]', 0x8b, 0x0d, 0xfc, 0x02, 0x20, 0x00),
  line('add_up: rol eax, 1', 0xd1, 0xc0),
  line('add eax, [esi]', 0x03, 0x06),
  line('add esi, 4', 0x83, 0xc6, 0x04),
  line('loop add_up', 0xe2, 0xf7),
  line('mov edi, eax', 0x89, 0xc7),
  // The marker, then "boot_args=" and the version as a digit.
  line('mov esi, 0x200300', 0xbe, 0x00, 0x03, 0x20, 0x00),
  line('call print', 0xe8, 0x4f, 0x00, 0x00, 0x00),
  line('mov esi, text_version', 0xbe, 0x9a, 0x02, 0x20, 0x00),
  line('call print', 0xe8, 0x45, 0x00, 0x00, 0x00),
  line('mov al, [ebp+2]', 0x8a, 0x45, 0x02),
  line('add al, 0x30', 0x04, 0x30),
  line('call put', 0xe8, 0x48, 0x00, 0x00, 0x00),
  // The command line.
  line('mov esi, text_args', 0xbe, 0xa5, 0x02, 0x20, 0x00),
  line('call print', 0xe8, 0x31, 0x00, 0x00, 0x00),
  line('lea esi, [ebp+4]', 0x8d, 0x75, 0x04),
  line('cmp byte [ebp+2], 1', 0x80, 0x7d, 0x02, 0x01),
  line('je show_args', 0x74, 0x03),
  line('add esi, 4', 0x83, 0xc6, 0x04),
  line('show_args: call print', 0xe8, 0x20, 0x00, 0x00, 0x00),
  // "whole" and status 33, or "damaged" and status 35.
  line('mov esi, text_whole', 0xbe, 0xad, 0x02, 0x20, 0x00),
  line('mov ebx, 0x10', 0xbb, 0x10, 0x00, 0x00, 0x00),
  line('test edi, edi', 0x85, 0xff),
  line('jz last', 0x74, 0x06),
  line('mov esi, text_damaged', 0xbe, 0xc6, 0x02, 0x20, 0x00),
  line('inc ebx', 0x43),
  line('last: call print', 0xe8, 0x07, 0x00, 0x00, 0x00),
  line('mov eax, ebx', 0x89, 0xd8),
  line('out 0xf4, eax', 0xe7, 0xf4),
  line('stay: hlt', 0xf4),
  line('jmp stay', 0xeb, 0xfd),
  // print: the text at ESI up to its NUL.
  line('print: lodsb', 0xac),
  line('test al, al', 0x84, 0xc0),
  line('jz printed', 0x74, 0x07),
  line('call put', 0xe8, 0x03, 0x00, 0x00, 0x00),
  line('jmp print', 0xeb, 0xf4),
  line('printed: ret', 0xc3),
  // put: AL to COM1 as soon as its transmitter is empty (line status 0x3fd, bit 5).
  line('put: mov ah, al', 0x88, 0xc4),
  line('mov dx, 0x3fd', 0x66, 0xba, 0xfd, 0x03),
  line('busy: in al, dx', 0xec),
  line('test al, 0x20', 0xa8, 0x20),
  line('jz busy', 0x74, 0xfb),
  line('mov al, ah', 0x88, 0xe0),
  line('mov dx, 0x3f8', 0x66, 0xba, 0xf8, 0x03),
  line('out dx, al', 0xee),
  line('ret', 0xc3),
  line('text_version: db "boot_args=", 0', ...text('boot_args=')),
  line('text_args: db 13, 10, "args=", 0', ...text('\r\nargs=')),
  line('text_whole: db 13, 10, "OSX-ISO KERNEL whole", 13, 10, 0', ...text('\r\nOSX-ISO KERNEL whole\r\n')),
  line('text_damaged: db 13, 10, "OSX-ISO KERNEL damaged", 13, 10, 0', ...text('\r\nOSX-ISO KERNEL damaged\r\n')),
];

function text(value: string): number[] {
  return [...Buffer.from(`${value}\0`, 'latin1')];
}
