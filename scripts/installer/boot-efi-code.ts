import type { CodeLine } from './kernel-code.js';

const line = (asm: string, ...bytes: number[]): CodeLine => ({ asm, bytes });

/**
 * The boot.efi stand-in's code: 64-bit, runs wherever the firmware puts it. The marker follows the code at once. Ends QEMU
 * with status 67 (0x21 through isa-debug-exit), so that nobody takes it for the kernel; without that device it hangs.
 */
export const EFI_CODE: readonly CodeLine[] = [
  line('cli', 0xfa),
  line('cld', 0xfc),
  line('lea rsi, [marker]', 0x48, 0x8d, 0x35, 0x23, 0x00, 0x00, 0x00),
  line('print: lodsb', 0xac),
  line('test al, al', 0x84, 0xc0),
  line('jz done', 0x74, 0x14),
  line('mov ah, al', 0x88, 0xc4),
  // COM1's line status: wait until its transmitter is empty.
  line('mov dx, 0x3fd', 0x66, 0xba, 0xfd, 0x03),
  line('busy: in al, dx', 0xec),
  line('test al, 0x20', 0xa8, 0x20),
  line('jz busy', 0x74, 0xfb),
  line('mov al, ah', 0x88, 0xe0),
  line('mov dx, 0x3f8', 0x66, 0xba, 0xf8, 0x03),
  line('out dx, al', 0xee),
  line('jmp print', 0xeb, 0xe7),
  line('done: mov eax, 0x21', 0xb8, 0x21, 0x00, 0x00, 0x00),
  line('out 0xf4, eax', 0xe7, 0xf4),
  line('stay: hlt', 0xf4),
  line('jmp stay', 0xeb, 0xfd),
  line('marker:'),
];
