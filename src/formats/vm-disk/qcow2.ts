import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import { MAX_NAME, nameIn, type VmDiskReference } from './reference.js';

/** What the header of a qcow or qcow2 image says of the image as a whole. */
export interface QcowHeader {
  readonly encrypted: boolean;
  /** QEMU found its tables damaged, and writes to it no more. */
  readonly corrupt: boolean;
  readonly references: readonly VmDiskReference[];
}

/** Bytes of the header: version 1, 2, and at least of 3. */
const HEADER_1 = 48;
const HEADER_2 = 72;
const HEADER_3 = 104;

/** Bits of incompatible_features. */
const CORRUPT = 1n << 1n;
const DATA_FILE = 1n << 2n;

/** Header extensions; others are passed over. */
const END = 0;
const BACKING_FORMAT = 0xe279_2aca;
const DATA_FILE_NAME = 0x4441_5441;

/** log2 of a cluster's bytes: QEMU takes 512 bytes to 2 MiB, and the header with its extensions lies in the first one. */
const MIN_CLUSTER_BITS = 9;
const MAX_CLUSTER_BITS = 21;

/**
 * Reads the header of a qcow2 image, version 2 or 3 (docs/interop/qcow2.txt of QEMU; big-endian). What names other files is read as
 * block/qcow2.c does: names end at a NUL, an external data file counts only where the feature bit says that there is one.
 * FormatError for a header QEMU would not take either.
 */
export async function readQcow2(file: ByteSource): Promise<QcowHeader> {
  const fault = faultOf(file);
  if (file.size < HEADER_2) throw fault(0, `at least ${HEADER_2} bytes`, `${file.size}`);
  const bytes = Buffer.from(await file.read(0, Math.min(HEADER_3, file.size)));
  const version = bytes.readUInt32BE(4); //                   0 magic, 4 version
  if (version !== 2 && version !== 3) throw fault(4, 'version 2 or 3', `${version}`);
  if (version === 3 && bytes.length < HEADER_3) throw fault(0, `at least ${HEADER_3} bytes`, `${file.size}`);
  const backingAt = bytes.readBigUInt64BE(8); //              8 backing_file_offset
  const backingSize = bytes.readUInt32BE(16); //             16 backing_file_size
  const clusterBits = bytes.readUInt32BE(20); //             20 cluster_bits
  //                                                         24 u64 size, 32 crypt_method, 36 l1_size, 40 u64 l1_table_offset,
  //                                                         48 u64 refcount_table_offset, 56 refcount_table_clusters,
  //                                                         60 nb_snapshots, 64 u64 snapshots_offset
  const encrypted = bytes.readUInt32BE(32) !== 0;
  const features = version === 3 ? bytes.readBigUInt64BE(72) : 0n; // 72 incompatible_features
  //                                                         80 u64 compatible, 88 u64 autoclear_features, 96 refcount_order
  const headerLength = version === 3 ? bytes.readUInt32BE(100) : HEADER_2; // 100 header_length
  if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
    throw fault(20, `cluster_bits from ${MIN_CLUSTER_BITS} to ${MAX_CLUSTER_BITS}`, `${clusterBits}`);
  }
  const cluster = 2 ** clusterBits;
  if (headerLength < HEADER_2 || headerLength > cluster) {
    throw fault(100, `a header of ${HEADER_2} to ${cluster} bytes`, `${headerLength}`);
  }
  if (backingAt > BigInt(cluster)) throw fault(8, 'a name in the first cluster', `its offset ${backingAt}`);

  const end = backingAt === 0n ? cluster : Number(backingAt);
  const { format, dataFile } = await readExtensions(file, headerLength, Math.min(end, file.size));
  const references: VmDiskReference[] = [];
  if ((features & DATA_FILE) !== 0n) references.push({ role: 'data file', format: 'raw', ...(dataFile ?? NOT_SAID) });
  const backing = await readName(file, Number(backingAt), backingSize, Math.min(MAX_NAME, cluster - Number(backingAt)));
  if (backing) references.push({ role: 'backing file', ...backing, ...(format !== undefined && { format }) });
  return { encrypted, corrupt: (features & CORRUPT) !== 0n, references };
}

/** A data file that only the one who opens the image knows. 72: the feature bits. */
const NOT_SAID = { name: '', at: 72 };

/** Each: 0 u32 type, 4 u32 length, 8 the data, padded to a multiple of 8 bytes. */
async function readExtensions(file: ByteSource, from: number, end: number) {
  const fault = faultOf(file);
  const bytes = Buffer.from(await file.read(from, Math.max(0, end - from)));
  let format: string | undefined;
  let dataFile: { name: string; at: number } | undefined;
  for (let at = 0; at + 8 <= bytes.length; ) {
    const [type, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    if (type === END) break;
    at += 8;
    if (length > bytes.length - at) {
      throw fault(from + at - 4, `an extension of at most ${bytes.length - at} bytes`, `${length}`);
    }
    const data = bytes.subarray(at, at + length);
    if (type === BACKING_FORMAT) format = nameIn(data);
    if (type === DATA_FILE_NAME) dataFile = { name: nameIn(data), at: from + at };
    at += Math.ceil(length / 8) * 8;
  }
  return { format, dataFile };
}

/**
 * Reads the header of a qcow image, version 1 (block/qcow.c of QEMU; big-endian): 0 magic, 4 version, 8 u64 backing_file_offset,
 * 16 backing_file_size, 20 mtime, 24 u64 size, 32 u8 cluster_bits, 33 u8 l2_bits, 34 u16 padding, 36 crypt_method,
 * 40 u64 l1_table_offset. It has no word for the format of its backing file.
 */
export async function readQcow1(file: ByteSource): Promise<QcowHeader> {
  if (file.size < HEADER_1) throw faultOf(file)(0, `at least ${HEADER_1} bytes`, `${file.size}`);
  const bytes = Buffer.from(await file.read(0, HEADER_1));
  const at = bytes.readBigUInt64BE(8);
  if (at > BigInt(Number.MAX_SAFE_INTEGER)) throw faultOf(file)(8, 'a name inside the file', `its offset ${at}`);
  const backing = await readName(file, Number(at), bytes.readUInt32BE(16), MAX_NAME);
  const references = backing ? [{ role: 'backing file' as const, ...backing }] : [];
  return { encrypted: bytes.readUInt32BE(36) !== 0, corrupt: false, references };
}

/** The backing file's name; undefined where there is none. */
async function readName(file: ByteSource, at: number, length: number, most: number) {
  if (at === 0) return undefined;
  if (length > most || at + length > file.size) {
    throw faultOf(file)(16, `a name of at most ${most} bytes inside the file`, `${length} bytes at ${at}`);
  }
  const name = nameIn(await file.read(at, length));
  return name === '' ? undefined : { name, at };
}

function faultOf(file: ByteSource) {
  return (offset: number, expected: string, found: string) =>
    new FormatError({ file: file.name, structure: 'qcow2 header', offset, expected, found });
}
