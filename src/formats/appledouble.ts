import { FormatError } from '../errors.js';
import { type ByteSource, slice } from './bytes.js';
import type { Xattr } from './entry.js';

const MAGIC = 0x00051607;
const VERSION = 0x00020000;
const HEADER_SIZE = 26;
const DESCRIPTOR_SIZE = 12;
/** Most parts we read; Apple writes two. */
const MAX_PARTS = 64;
const RESOURCE_FORK = 2;
const FINDER_INFO = 9;
/** FInfo and FXInfo. */
const FINDER_INFO_SIZE = 32;
/** In the Finder-info part, after 2 bytes of padding: the header of the extended attributes. */
const ATTR_AT = FINDER_INFO_SIZE + 2;
const ATTR_MAGIC = 'ATTR';
const ATTR_HEADER_SIZE = 36;
/** Bytes of an attribute's descriptor without its name. */
const ATTR_ENTRY_SIZE = 11;
/** Longest Finder-info part with its attributes' names we read at once, bytes. */
const MAX_ATTR_HEAD = 1 << 20;
/** Bytes of the resource fork Apple's copyfile writes where there is none, and what it says at byte 16. */
const EMPTY_FORK_SIZE = 286;
const EMPTY_FORK_TAG = 'This resource fork intentionally left blank';

/** What a `._name` file holds of the file `name`. */
export interface AppleDouble {
  /** 32 bytes; absent where all are zero. */
  readonly finderInfo?: Uint8Array;
  readonly resource?: ByteSource;
  readonly xattrs: readonly Xattr[];
}

/**
 * Reads an AppleDouble file (RFC 1740; extended attributes as in xnu's bsd/vfs/vfs_xattr.c; big-endian); undefined when it is
 * none. Values stay in `source`. FormatError when it is one, but damaged.
 */
export async function readAppleDouble(source: ByteSource): Promise<AppleDouble | undefined> {
  const fault = (offset: number, expected: string, found: string) =>
    new FormatError({ file: source.name, structure: 'AppleDouble', offset, expected, found });
  if (source.size < HEADER_SIZE) return undefined;
  const header = Buffer.from(await source.read(0, HEADER_SIZE));
  if (header.readUInt32BE(0) !== MAGIC) return undefined; //           0 magic
  const version = header.readUInt32BE(4); //                           4 version
  if (version !== VERSION) throw fault(4, 'version 2', `0x${version.toString(16)}`);
  //                                                                   8 filler[16], "Mac OS X"
  const count = header.readUInt16BE(24); //                           24 number of parts
  const tableEnd = HEADER_SIZE + count * DESCRIPTOR_SIZE;
  if (count > MAX_PARTS || tableEnd > source.size) throw fault(24, `at most ${MAX_PARTS} parts that fit`, `${count}`);
  const table = Buffer.from(await source.read(HEADER_SIZE, count * DESCRIPTOR_SIZE));
  let finderInfo: Uint8Array | undefined;
  let resource: ByteSource | undefined;
  let xattrs: readonly Xattr[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * DESCRIPTOR_SIZE;
    const id = table.readUInt32BE(at); //                              0 kind of the part
    const offset = table.readUInt32BE(at + 4); //                      4 its offset
    const length = table.readUInt32BE(at + 8); //                      8 its length
    if (offset + length > source.size) {
      throw fault(HEADER_SIZE + at, `a part inside the ${source.size} bytes`, `${length} bytes at ${offset}`);
    }
    if (id === FINDER_INFO && length >= FINDER_INFO_SIZE) {
      const info = await source.read(offset, FINDER_INFO_SIZE);
      if (info.some((byte) => byte !== 0)) finderInfo = Uint8Array.from(info);
      if (length >= ATTR_AT + ATTR_HEADER_SIZE) xattrs = await readAttributes(source, offset, length, fault);
    } else if (id === RESOURCE_FORK && length > 0) {
      const fork = slice(source, offset, length, `${source.name}: resource fork`);
      if (!(await isBlank(fork))) resource = fork;
    }
  }
  return { ...(finderInfo && { finderInfo }), ...(resource && { resource }), xattrs };
}

/** The attributes behind the Finder info at `start`. Their offsets count from the start of the file. */
async function readAttributes(
  source: ByteSource,
  start: number,
  length: number,
  fault: (offset: number, expected: string, found: string) => FormatError,
): Promise<Xattr[]> {
  const base = start + ATTR_AT;
  const head = Buffer.from(await source.read(base, Math.min(length - ATTR_AT, MAX_ATTR_HEAD)));
  if (head.toString('latin1', 0, 4) !== ATTR_MAGIC) return []; //      0 magic
  //                                                                   4 debug tag, 8 total size, 12 start and 16 length of data
  //                                                                  20 reserved[3], 32 flags
  const count = head.readUInt16BE(34); //                             34 number of attributes
  const found: Xattr[] = [];
  const names = new Set<string>();
  let values = 0;
  let at = ATTR_HEADER_SIZE;
  for (let i = 0; i < count; i++) {
    if (at + ATTR_ENTRY_SIZE > head.length) throw fault(base + at, `${count} attributes`, `${i}`);
    const valueOffset = head.readUInt32BE(at); //                      0 offset of the value
    const valueLength = head.readUInt32BE(at + 4); //                  4 its length
    //                                                                 8 flags
    const nameLength = head[at + 10]!; //                             10 length of the name with its NUL
    const nameAt = at + ATTR_ENTRY_SIZE; //                           11 name
    const nameEnd = nameAt + nameLength;
    if (nameLength < 2 || nameEnd > head.length || head[nameEnd - 1] !== 0) {
      throw fault(base + at, 'an attribute name that ends with NUL', `${nameLength} bytes`);
    }
    const name = head.toString('utf8', nameAt, nameEnd - 1);
    if (name.includes('\0') || names.has(name)) throw fault(base + nameAt, 'each name once', JSON.stringify(name));
    if (valueOffset + valueLength > source.size) {
      throw fault(base + at, `a value inside the ${source.size} bytes`, `${valueLength} bytes at ${valueOffset}`);
    }
    // Values that lie in each other would make gigabytes of a small file.
    values += valueLength;
    if (values > source.size) throw fault(base + at, `values that fit into ${source.size} bytes`, `${values} of them`);
    names.add(name);
    found.push({ name, value: slice(source, valueOffset, valueLength, `${source.name}: ${name}`) });
    at = (nameEnd + 3) & ~3; // the next one begins at a multiple of 4
  }
  return found;
}

/** The placeholder copyfile writes instead of no fork at all. */
async function isBlank(fork: ByteSource): Promise<boolean> {
  if (fork.size !== EMPTY_FORK_SIZE) return false;
  const tag = await fork.read(16, EMPTY_FORK_TAG.length);
  return Buffer.from(tag).toString('latin1') === EMPTY_FORK_TAG;
}
