import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { MAX_NAME, nameIn, type VmDiskReference } from './reference.js';

/** QED: bits of its features. */
const QED_BACKING = 1n;
const QED_RAW_BACKING = 4n;
const QED_HEADER = 64;

/** VHD: the type of a disk whose data is partly in its parent. */
const DIFFERENCING = 4;
const VHD_FOOTER = 512;
const VHD_HEADER = 1024;

/**
 * What a QED image makes QEMU open (docs/interop/qed_spec.txt; little-endian): 0 magic, 4 cluster size, 8 table size, 12 header size,
 * 16 u64 features, 24 u64 compatible, 32 u64 autoclear, 40 u64 L1 table, 48 u64 image size, 56 u32 backing name's offset, 60 u32 its
 * length.
 */
export async function readQed(file: ByteSource): Promise<VmDiskReference[]> {
  const bytes = await head(file, 'QED header', QED_HEADER);
  const features = bytes.readBigUInt64LE(16);
  if ((features & QED_BACKING) === 0n) return [];
  const [at, length] = [bytes.readUInt32LE(56), bytes.readUInt32LE(60)];
  if (length > MAX_NAME || at + length > file.size) {
    throw fault(file, 'QED header', 56, `a name of at most ${MAX_NAME} bytes inside the file`, `${length} at ${at}`);
  }
  const name = nameIn(await file.read(at, length));
  return [{ role: 'backing file', name, at, ...((features & QED_RAW_BACKING) !== 0n && { format: 'raw' }) }];
}

/**
 * The parent of a VHD (Virtual Hard Disk Image Format Specification 1.0; big-endian). Footer: 16 u64 offset of the dynamic header,
 * 60 u32 disk type. Dynamic header: 0 "cxsparse", 64 the parent's name, 512 bytes of UTF-16. QEMU reads such a disk as if it had no
 * parent, so what it would show is not the guest's disk [code, block/vpc.c].
 */
export async function readVhd(file: ByteSource): Promise<VmDiskReference[]> {
  let footer = await head(file, 'VHD footer', VHD_FOOTER);
  if (footer.toString('latin1', 0, 8) !== 'conectix') {
    footer = Buffer.from(await file.read(file.size - VHD_FOOTER, VHD_FOOTER));
  }
  if (footer.readUInt32BE(60) !== DIFFERENCING) return [];
  const from = footer.readBigUInt64BE(16);
  if (from > BigInt(file.size - VHD_HEADER)) {
    throw fault(file, 'VHD footer', 16, 'a header inside the file', `its offset ${from}`);
  }
  const at = Number(from) + 64;
  const name = new TextDecoder('utf-16be').decode(await file.read(at, 512));
  return [{ role: 'backing file', name: name.split('\0', 1)[0] ?? '', at, format: 'vpc' }];
}

async function head(file: ByteSource, structure: string, length: number): Promise<Buffer> {
  if (file.size < length) throw fault(file, structure, 0, `at least ${length} bytes`, `${file.size}`);
  return Buffer.from(await file.read(0, length));
}

function fault(file: ByteSource, structure: string, offset: number, expected: string, found: string): FormatError {
  return new FormatError({ file: file.name, structure, offset, expected, found });
}
