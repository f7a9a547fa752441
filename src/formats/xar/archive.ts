import { createHash } from 'node:crypto';
import { FormatError } from '../../errors.js';
import { type ByteSource, checkRange, chunks, fromBytes, observed, slice } from '../bytes.js';
import { decode } from '../codecs/index.js';
import { unzipped } from '../unzipped.js';
import { readWhole } from '../whole.js';
import { Check } from './check.js';
import { digestSize, readXarHeader } from './header.js';
import { checkSignature, type SignatureState } from './signature.js';
import { type Signer, signerOf } from './signer.js';
import { parseToc, type XarMember, type XarSignature } from './toc.js';
import { XmlFault } from './xml.js';

/** Longest plain table of contents we read, bytes. Those of Apple's packages have some 20 KiB. */
export const MAX_TOC = 16 * 1024 * 1024;
/** Longest compressed member we decode in memory, plain bytes; stored members have no limit. */
export const MAX_DECODED_MEMBER = 64 * 1024 * 1024;

/** Opens a xar: header and table of contents are checked, members are not read. FormatError when it is none. */
export async function openXar(source: ByteSource): Promise<XarArchive> {
  const header = await readXarHeader(source);
  const fault = (structure: string, offset: number, expected: string, found: string) =>
    new FormatError({ file: source.name, structure, offset, expected, found });
  const TOC = 'xar table of contents';
  if (header.tocPlain > MAX_TOC) throw fault('xar header', 16, `at most ${MAX_TOC} bytes`, `${header.tocPlain}`);
  if (header.tocStored > MAX_TOC) throw fault('xar header', 8, `at most ${MAX_TOC} bytes`, `${header.tocStored}`);
  const stored = await source.read(header.headerSize, header.tocStored);
  const plain = decode('zlib', stored, header.tocPlain, { file: source.name, at: header.headerSize });
  let toc: ReturnType<typeof parseToc>;
  try {
    toc = parseToc(new TextDecoder('utf-8', { fatal: true }).decode(plain));
  } catch (error) {
    if (error instanceof XmlFault) {
      throw fault(TOC, header.headerSize, `${error.expected} (character ${error.offset} of its XML)`, error.message);
    }
    if (error instanceof TypeError) throw fault(TOC, header.headerSize, 'UTF-8 text', 'other bytes');
    throw error;
  }
  const heap = header.headerSize + header.tocStored;
  const heapSize = source.size - heap;
  const inHeap = (offset: number, length: number) => offset + length <= heapSize;
  if (!header.digest && toc.checksum) {
    throw fault('xar header', 24, `the checksum algorithm ${toc.checksum.digest}, as in the table of contents`, 'none');
  }
  let tocDigest: Uint8Array | undefined;
  if (header.digest) {
    const { checksum } = toc;
    if (checksum?.digest !== header.digest) {
      throw fault(TOC, header.headerSize, `a ${header.digest} checksum, as in the header`, checksum?.digest ?? 'none');
    }
    const size = digestSize(header.digest);
    if (checksum.size !== size || !inHeap(checksum.offset, size)) {
      const found = `${checksum.size} bytes at ${checksum.offset}`;
      throw fault(TOC, header.headerSize, `a checksum of ${size} bytes inside the heap of ${heapSize}`, found);
    }
    const expected = Buffer.from(await source.read(heap + checksum.offset, size)).toString('hex');
    const found = createHash(header.digest).update(stored).digest('hex');
    if (found !== expected) throw fault(TOC, header.headerSize, `${header.digest} ${expected}`, found);
    tocDigest = Buffer.from(found, 'hex');
  }
  for (const member of toc.members) {
    if (!inHeap(member.offset, member.length)) {
      const found = `${member.length} bytes at ${member.offset}`;
      throw fault(`xar member ${member.path}`, heap, `data inside the heap of ${heapSize} bytes`, found);
    }
  }
  const { signature } = toc;
  if (signature && !inHeap(signature.offset, signature.size)) {
    const found = `${signature.size} bytes at ${signature.offset}`;
    throw fault('xar signature', heap, `data inside the heap of ${heapSize} bytes`, found);
  }
  return new XarArchive(source, heap, toc.members, signature && tocDigest && { signature, tocDigest });
}

/** The members of an open xar, by path. */
export class XarArchive {
  readonly name: string;
  /** Folders before what is in them. */
  readonly members: readonly XarMember[];
  /** Where the heap begins, bytes from the archive's start. */
  readonly heap: number;
  readonly #source: ByteSource;
  readonly #signed: { readonly signature: XarSignature; readonly tocDigest: Uint8Array } | undefined;
  readonly #byPath: ReadonlyMap<string, XarMember>;

  constructor(
    source: ByteSource,
    heap: number,
    members: readonly XarMember[],
    signed?: { readonly signature: XarSignature; readonly tocDigest: Uint8Array },
  ) {
    this.#signed = signed;
    this.name = source.name;
    this.members = members;
    this.#source = source;
    this.heap = heap;
    this.#byPath = new Map(members.map((member) => [member.path, member]));
  }

  /** Checks the signature, where there is one. FormatError where it does not match. */
  async signatureState(): Promise<SignatureState | undefined> {
    if (!this.#signed) return undefined;
    return checkSignature(this.#source, this.heap, this.#signed.signature, this.#signed.tocDigest);
  }

  /** Who signed it, as the certificates say that come with it; undefined where there are none. Whether it is true, see above. */
  get signer(): Signer | undefined {
    return signerOf(this.#signed?.signature.certificates ?? []);
  }

  /** What the table of contents says of `path`; undefined where nothing is. */
  find(path: string): XarMember | undefined {
    return this.#byPath.get(path);
  }

  /**
   * The plain bytes of a member. Stored ones are a slice of the archive, unverified; compressed ones (at most
   * MAX_DECODED_MEMBER) are decoded and verified at the first read. FormatError where there is no such member.
   */
  member(path: string): ByteSource {
    const member = this.#get(path);
    if (member.encoding === 'octet-stream') return this.#stored(member);
    this.#checkDecodable(member);
    const name = `${this.name}: ${path}`;
    let decoded: Promise<ByteSource> | undefined;
    const load = async () => {
      const parts: Uint8Array[] = [];
      for await (const part of this.stream(path)) parts.push(part);
      return fromBytes(parts.length === 1 ? parts[0]! : Buffer.concat(parts), name);
    };
    const source: ByteSource = {
      name,
      size: member.size,
      async read(offset, length) {
        checkRange(source, offset, length);
        decoded ??= load();
        return (await decoded).read(offset, length);
      },
    };
    return source;
  }

  /** The plain bytes of a member, front to back; both checksums are verified on the way (FormatError at the end). */
  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const member = this.#get(path);
    const archived = new Check(this.name, member, 'archived', member.archivedChecksum);
    const extracted = new Check(this.name, member, 'extracted', member.extractedChecksum);
    const stored = this.#stored(member);
    if (member.encoding === 'octet-stream') {
      // The same bytes twice: hash them twice only if the checksums differ in kind.
      const both = archived.equals(extracted);
      for await (const bytes of chunks(stored)) {
        archived.update(bytes);
        if (!both) extracted.update(bytes);
        yield bytes;
      }
      archived.finish(this.heap);
      if (!both) extracted.finish(this.heap);
      return;
    }
    const where = { file: this.name, at: this.heap + member.offset };
    if (member.encoding === 'x-gzip') {
      let size = 0;
      for await (const bytes of unzipped('zlib', archived.through(chunks(stored)), where)) {
        size += bytes.length;
        if (size > member.size) break;
        extracted.update(bytes);
        yield bytes;
      }
      if (size !== member.size) {
        throw new FormatError({
          file: this.name,
          structure: `xar member ${member.path}`,
          offset: where.at,
          expected: `${member.size} plain bytes`,
          found: size > member.size ? 'more' : `${size}`,
        });
      }
    } else {
      this.#checkDecodable(member);
      const input = await readWhole(stored, { what: `xar member ${member.path}`, most: MAX_DECODED_MEMBER });
      archived.update(input);
      const codec = member.encoding === 'x-bzip2' ? 'bzip2' : 'xz';
      const plain = decode(codec, input, member.size, where);
      extracted.update(plain);
      yield plain;
    }
    archived.finish(this.heap);
    extracted.finish(this.heap);
  }

  /** Reads a whole member for its checksums. FormatError when one is wrong. */
  async verifyMember(path: string, signal?: AbortSignal): Promise<void> {
    for await (const _ of this.stream(path)) signal?.throwIfAborted();
  }

  /** The same as `member`, for somebody who copies all of it once, front to back: then its checksum is compared on the way. */
  provedMember(path: string): ByteSource {
    const source = this.member(path);
    const member = this.#get(path);
    if (member.encoding !== 'octet-stream') return source;
    const check = new Check(this.name, member, 'archived', member.archivedChecksum);
    let left = source.size;
    return observed(source, (bytes) => {
      check.update(bytes);
      left -= bytes.length;
      if (left === 0) check.finish(this.heap);
    });
  }

  #get(path: string): XarMember {
    const member = this.#byPath.get(path);
    if (member) return member;
    throw new FormatError({
      file: this.name,
      structure: 'xar table of contents',
      offset: 0,
      expected: `a member ${JSON.stringify(path)}`,
      found: `${this.members.length} others`,
    });
  }

  #stored(member: XarMember): ByteSource {
    return slice(this.#source, this.heap + member.offset, member.length, `${this.name}: ${member.path}`);
  }

  #checkDecodable(member: XarMember): void {
    if (member.size <= MAX_DECODED_MEMBER && member.length <= MAX_DECODED_MEMBER) return;
    throw new FormatError({
      file: this.name,
      structure: `xar member ${member.path}`,
      offset: this.heap + member.offset,
      expected: `at most ${MAX_DECODED_MEMBER} bytes in a compressed member`,
      found: `${member.size} (${member.length} stored)`,
    });
  }
}
