import { expect, test } from 'vitest';
import { makeBootEfi } from '../../../scripts/installer/boot-efi.js';
import { EFI_CODE } from '../../../scripts/installer/boot-efi-code.js';
import { assemble } from '../../helpers/judges/assemble.js';
import { needs } from '../../helpers/judges/needs.js';

test('each instruction is what NASM makes of the line beside it', async (context) => {
  needs(context, 'nasm');
  const bytes = EFI_CODE.flatMap((line) => line.bytes);
  expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(await assemble(EFI_CODE, 64, 0)).toString('hex'));
});

test('is a UEFI application: MZ, PE32+ for x86-64, subsystem 10, one .text section', () => {
  const file = Buffer.from(makeBootEfi({ nonce: 'efi' }));
  expect(file.toString('latin1', 0, 2)).toBe('MZ');
  const pe = file.readUInt32LE(0x3c);
  expect(file.toString('latin1', pe, pe + 4)).toBe('PE\0\0');
  expect([4, 6, 20].map((field) => file.readUInt16LE(pe + field))).toEqual([0x8664, 1, 0xf0]);
  const optional = pe + 24;
  expect(file.readUInt16LE(optional)).toBe(0x20b);
  expect([16, 56, 60].map((field) => file.readUInt32LE(optional + field))).toEqual([0x200, file.length, 0x200]);
  expect(file.readUInt16LE(optional + 68)).toBe(10);
  const section = optional + 0xf0;
  expect(file.toString('latin1', section, section + 6)).toBe('.text\0');
  expect([12, 16, 20].map((field) => file.readUInt32LE(section + field))).toEqual([0x200, 0x200, 0x200]);
  expect(file.toString('latin1', 0x200)).toContain('OSX-ISO BOOT.EFI nonce=efi\r\n\0');
});

test('refuses a nonce that cannot be printed', () => {
  expect(() => makeBootEfi({ nonce: 'a b' })).toThrow('visible ASCII');
});
