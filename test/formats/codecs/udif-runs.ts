import { createHash } from 'node:crypto';
import type { Codec } from '../../../src/formats/pieces.js';

// The least of UDIF that brings the decoders their real runs: the koly trailer, the blkx tables out of the XML, the runs. It is
// independent of src/formats/udif on purpose: a decoder's failure shows here as a decoder's failure.

const SECTOR = 512;

const CODECS: Record<number, Codec> = {
  2147483652: 'adc',
  2147483653: 'zlib',
  2147483654: 'bzip2',
  2147483655: 'lzfse',
  2147483656: 'xz',
};

export interface Run {
  readonly codec: Codec | 'raw' | 'zero';
  /** Byte offset in the decoded disk. */
  readonly to: number;
  readonly plainLength: number;
  readonly at: number;
  readonly input: Uint8Array;
}

/** All runs of a UDIF image in table order. */
export function runsOf(image: Buffer): Run[] {
  const koly = image.subarray(image.length - 512);
  if (koly.toString('latin1', 0, 4) !== 'koly') throw new Error('not a UDIF image');
  const fork = Number(koly.readBigUInt64BE(24));
  const xmlAt = Number(koly.readBigUInt64BE(216));
  const xml = image.toString('utf8', xmlAt, xmlAt + Number(koly.readBigUInt64BE(224)));
  const blkx = xml.slice(xml.indexOf('<key>blkx</key>'));
  const runs: Run[] = [];
  for (const match of blkx.slice(0, blkx.indexOf('</array>')).matchAll(/<data>([^<]*)<\/data>/g)) {
    const table = Buffer.from(match[1]!, 'base64');
    const first = Number(table.readBigUInt64BE(8));
    for (let i = 0; i < table.readUInt32BE(200); i++) {
      const run = table.subarray(204 + 40 * i, 244 + 40 * i);
      const type = run.readUInt32BE(0);
      if (type === 0xffffffff || type === 0x7ffffffe) continue;
      const at = fork + Number(table.readBigUInt64BE(24)) + Number(run.readBigUInt64BE(24));
      runs.push({
        codec: CODECS[type] ?? (type === 1 ? 'raw' : 'zero'),
        to: (first + Number(run.readBigUInt64BE(8))) * SECTOR,
        plainLength: Number(run.readBigUInt64BE(16)) * SECTOR,
        at,
        input: image.subarray(at, at + Number(run.readBigUInt64BE(32))),
      });
    }
  }
  return runs;
}

/** Puts the disk together from the decoded runs and gives its sha256. */
export function sha256OfDisk(runs: readonly Run[], bytes: number, plain: (run: Run) => Uint8Array): string {
  const disk = Buffer.alloc(bytes);
  for (const run of runs) {
    if (run.codec === 'raw') disk.set(run.input, run.to);
    else if (run.codec !== 'zero') disk.set(plain(run), run.to);
  }
  return createHash('sha256').update(disk).digest('hex');
}
