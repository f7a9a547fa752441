import { type ByteSource, chunks } from '../../bytes.js';
import type { CheckContext } from './context.js';

/** The allocation file must say exactly what has been claimed; freeBlocks is the rest. */
export async function checkBitmap(context: CheckContext, file: ByteSource): Promise<void> {
  const { findings, claims, header } = context;
  const { bits, totalBlocks } = claims;
  findings.equal('volume header', 'freeBlocks', totalBlocks - claims.count, header.freeBlocks);
  if (file.size < bits.length) {
    findings.error('allocation file', 'its size', `at least ${bits.length} bytes`, file.size);
    return;
  }
  const lost = { count: 0, first: 0 };
  const orphaned = { count: 0, first: 0 };
  let beyond = 0;
  let at = 0;
  for await (const chunk of chunks(file)) {
    for (let i = 0; i < chunk.length; i++, at++) {
      const wanted = at < bits.length ? bits[at]! : 0;
      const wrong = chunk[i]! ^ wanted;
      if (wrong === 0) continue;
      for (let bit = 0; bit < 8; bit++) {
        const mask = 0x80 >>> bit;
        if ((wrong & mask) === 0) continue;
        const block = at * 8 + bit;
        if (block >= totalBlocks) beyond++;
        else {
          const kind = (wanted & mask) !== 0 ? lost : orphaned;
          if (kind.count++ === 0) kind.first = block;
        }
      }
    }
  }
  if (lost.count > 0) {
    findings.error('allocation file', `block ${lost.first}`, 'used blocks marked used', `${lost.count} marked free`);
  }
  if (orphaned.count > 0) {
    findings.error(
      'allocation file',
      `block ${orphaned.first}`,
      'free blocks marked free',
      `${orphaned.count} marked used`,
    );
  }
  if (beyond > 0) findings.error('allocation file', 'beyond the last block', 'zeros', `${beyond} bits set`);
}
