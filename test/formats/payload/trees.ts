import { type BomPath, bomOf } from '../../../scripts/installer/bom.js';
import { cksum } from '../../../src/formats/cksum.js';
import type { CpioInput } from '../../../src/formats/cpio/index.js';
import { appleDouble } from '../../helpers/appledouble.js';

const S_IFMT = 0o170000;
const KINDS = new Map([
  [0o100000, 1],
  [0o040000, 2],
  [0o120000, 3],
]);

/** An entry of a made payload: as it is written, and the bytes the file has, which may stand at another of its names. */
export interface Made extends CpioInput {
  readonly bytes: Buffer;
  /** What the file has; of a hard link's other names not what stands there. */
  readonly real: Buffer;
}

export const folder = (name: string, mode = 0o040755): Made => made({ name, mode }, Buffer.alloc(0));
export const file = (name: string, bytes: Buffer | string, more: Partial<CpioInput> = {}): Made =>
  made({ name, mode: 0o100644, ...more }, Buffer.from(bytes));
export const link = (name: string, target: string): Made => made({ name, mode: 0o120755 }, Buffer.from(target));
export const double = (of: string): Made => {
  const at = of.lastIndexOf('/') + 1;
  return file(`${of.slice(0, at)}._${of.slice(at)}`, appleDouble({ xattrs: { note: of } }));
};
/** Another name of a file: a placeholder as long as it. */
export const canary = (of: Made, name: string): Made => ({
  ...of,
  name,
  ...holding(Buffer.from('NULLcanary'.padEnd(of.real.length, '\0').slice(0, of.real.length), 'latin1')),
});

function made(entry: CpioInput, bytes: Buffer): Made {
  return { ...entry, ...holding(bytes), real: bytes };
}

function holding(bytes: Buffer) {
  return { bytes, size: bytes.length, data: bytes.length > 0 ? [bytes] : [] };
}

/** "./a/b" as a Bom and a walk call it. */
export const keyOf = ({ name }: { readonly name: string }) => name.replace(/^\.\/?/, '');

/** The Bom of these entries, as Apple's tools make it: sizes and checksums of what the files have. */
export function bomOfMade(entries: readonly Made[]): Uint8Array {
  const ids = new Map(entries.map((entry, i) => [keyOf(entry), i + 1]));
  return bomOf(
    entries.map((entry): BomPath => {
      const key = keyOf(entry);
      const slash = key.lastIndexOf('/');
      const type = KINDS.get(entry.mode & S_IFMT)!;
      return {
        id: ids.get(key)!,
        parent: key === '' ? 0 : (ids.get(key.slice(0, Math.max(slash, 0))) ?? 0),
        name: key === '' ? '.' : key.slice(slash + 1),
        type,
        mode: entry.mode,
        uid: entry.uid ?? 0,
        gid: entry.gid ?? 0,
        modified: entry.mtime ?? 0,
        size: entry.real.length,
        checksum: type === 2 ? 0 : cksum(entry.real),
        target: type === 3 ? `${entry.real}\0` : '',
      };
    }),
  );
}
