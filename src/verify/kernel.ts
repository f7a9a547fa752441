import type { ByteSource } from '../formats/bytes.js';

/** What a file is that should be a kernel. */
export interface KernelFacts {
  readonly ok: boolean;
  /** For people: "a Mach-O for x86_64", "an empty file", "nothing". */
  readonly found: string;
  readonly size: number;
}

/** Mach-O and fat magics as the first four bytes, big-endian (mach-o/loader.h, mach-o/fat.h). */
const MACH_O_64 = 0xcffa_edfe;
const MACH_O_32 = 0xcefa_edfe;
const FAT = 0xcafe_babe;
/** A kernel cache: "comp" + "lzss" or "lzvn". */
const COMPRESSED = 0x636f_6d70;

const CPU_NAMES: ReadonlyMap<number, string> = new Map([
  [7, 'i386'],
  [0x0100_0007, 'x86_64'],
]);

/** A fat file with more slices than this is no kernel: 0xCAFEBABE is Java's magic too. */
const MAX_SLICES = 8;

/** Looks at the head of what should be a kernel. `undefined` is a file that is not there. */
export async function checkKernel(source: ByteSource | undefined): Promise<KernelFacts> {
  if (!source) return { ok: false, found: 'nothing', size: 0 };
  const { size } = source;
  if (size === 0) return { ok: false, found: 'an empty file', size };
  if (size < 32) return { ok: false, found: `a file of ${size} bytes`, size };
  const head = Buffer.from(await source.read(0, Math.min(size, 8 + 20 * MAX_SLICES)));
  const magic = head.readUInt32BE(0);
  if (magic === MACH_O_64 || magic === MACH_O_32) {
    const cpu = CPU_NAMES.get(head.readUInt32LE(4));
    const type = head.readUInt32LE(12);
    // 2 = MH_EXECUTE: a kernel is one, a kext is not.
    if (cpu && type === 2) return { ok: true, found: `a Mach-O kernel for ${cpu}`, size };
    return { ok: false, found: `a Mach-O file of type ${type}${cpu ? '' : ' for another processor'}`, size };
  }
  if (magic === FAT) return fat(head, size);
  if (magic === COMPRESSED) return { ok: true, found: 'a compressed kernel cache', size };
  return { ok: false, found: `a file that starts with ${head.toString('hex', 0, 4)}, not a Mach-O`, size };
}

function fat(head: Buffer, size: number): KernelFacts {
  const count = head.readUInt32BE(4);
  if (count === 0 || count > MAX_SLICES || head.length < 8 + 20 * count) {
    return { ok: false, found: `a fat file that says it has ${count} slices`, size };
  }
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = 8 + 20 * i;
    const name = CPU_NAMES.get(head.readUInt32BE(at));
    if (head.readUInt32BE(at + 8) + head.readUInt32BE(at + 12) > size) {
      return { ok: false, found: 'a fat file that is cut short', size };
    }
    if (name) names.push(name);
  }
  if (names.length === 0) return { ok: false, found: 'a fat file for other processors', size };
  return { ok: true, found: `a Mach-O kernel for ${names.join(' and ')}`, size };
}
