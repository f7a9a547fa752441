import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeLine } from '../../../scripts/installer/kernel-code.js';
import { run, scratch } from './tool.js';

/** What NASM makes of the assembler's lines beside a byte table. */
export async function assemble(code: readonly CodeLine[], bits: 32 | 64, origin: number): Promise<Uint8Array> {
  const folder = scratch('nasm');
  const source = [
    `bits ${bits}`,
    bits === 64 ? 'default rel' : '',
    `org ${origin}`,
    ...code.map((line) => line.asm),
    '',
  ];
  writeFileSync(join(folder, 'code.asm'), source.join('\n'));
  const result = await run('nasm', ['-f', 'bin', '-o', 'code.bin', 'code.asm'], { cwd: folder });
  if (result.status !== 0) throw new Error(`nasm: ${result.stderr}`);
  return readFileSync(join(folder, 'code.bin'));
}
