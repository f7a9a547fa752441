import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import type { VmDiskReference } from './reference.js';

/** Bytes of a descriptor that QEMU reads (20 sectors), wherever it lies. */
const DESCRIPTOR = 20 * 512;
const SECTOR = 512;
/** Where a sparse image's own descriptor is looked for, whatever its header says. */
const OWN_DESCRIPTOR = 0x200;

/** Words before a quoted name: access, sectors, kind. Blanks and ends of lines are the same to QEMU (sscanf), and partly optional. */
const EXTENT = /\b[A-Za-z]+\s+[+-]?\d+\s*[A-Za-z]\S{0,9}?\s*"([^"\r\n]*)/g;
const PARENT = 'parentFileNameHint';

/**
 * What a VMDK image makes QEMU open (block/vmdk.c). A descriptor file is a text whose extents are other files; a sparse image (0 magic
 * KDMV, 4 u32 version, 8 u32 flags, 12 u64 capacity in sectors, 20 u64 grain size, 28 u64 descriptor offset in sectors, 36 u64 its size;
 * little-endian) has its sectors in itself, unless its capacity is 0: then the descriptor counts. Both may name a parent. What only
 * describes the image itself is no reference.
 */
export async function readVmdk(file: ByteSource): Promise<VmDiskReference[]> {
  const head = Buffer.from(await file.read(0, Math.min(SECTOR, file.size)));
  const magic = head.toString('latin1', 0, 4);
  if (magic !== 'KDMV' && magic !== 'COWD') {
    const text = await textAt(file, 0);
    return [...extentsIn(text, 0), ...parentIn(text, 0)];
  }
  const references = parentIn(await textAt(file, OWN_DESCRIPTOR), OWN_DESCRIPTOR);
  if (magic === 'COWD') return references;
  if (head.length < 44) {
    throw new FormatError({
      file: file.name,
      structure: 'VMDK header',
      offset: 0,
      expected: 'at least 44 bytes',
      found: `${head.length}`,
    });
  }
  const capacity = head.readBigUInt64LE(12);
  const descriptor = head.readBigUInt64LE(28) * BigInt(SECTOR);
  if (capacity !== 0n || descriptor === 0n || descriptor >= BigInt(file.size)) return references;
  const at = Number(descriptor);
  const text = await textAt(file, at);
  return [...references, ...extentsIn(text, at), ...(at === OWN_DESCRIPTOR ? [] : parentIn(text, at))];
}

/** As latin1, so that a place in the text is a place in the file. */
async function textAt(file: ByteSource, at: number): Promise<string> {
  const length = Math.max(0, Math.min(DESCRIPTOR, file.size - at));
  return length === 0 ? '' : Buffer.from(await file.read(at, length)).toString('latin1');
}

function extentsIn(text: string, from: number): VmDiskReference[] {
  return [...text.matchAll(EXTENT)].map((found) => {
    const [all, name = ''] = found;
    // Sectors as they are, or grains of the one format that a sparse extent has.
    const format = /\bFLAT\b|VMFS(?!SPARSE)/.test(all) ? 'raw' : 'vmdk';
    return { role: 'extent', name: utf8(name), at: from + found.index + all.length - name.length, format };
  });
}

/** The first that is named counts, also within a line: parentFileNameHint="…". */
function parentIn(text: string, from: number): VmDiskReference[] {
  const at = text.indexOf(PARENT);
  if (at < 0) return [];
  const start = at + PARENT.length + 2;
  const name = text.slice(start).split(/["\0]/, 1)[0] ?? '';
  return name === '' ? [] : [{ role: 'backing file', name: utf8(name), at: from + start, format: 'vmdk' }];
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
