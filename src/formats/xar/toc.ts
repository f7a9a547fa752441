import type { Element } from '@xmldom/xmldom';
import { MAX_NAME, MAX_NAMES } from '../cpio/index.js';
import { type Digest, digestNamed, digestSize } from './header.js';
import { childrenOf, parseXml, textOf, XmlFault } from './xml.js';

/** How a member's bytes are stored; the names after "application/". `x-gzip` is a zlib stream. */
export type XarEncoding = 'octet-stream' | 'x-gzip' | 'x-bzip2' | 'x-lzma' | 'x-xz';

export interface XarChecksum {
  readonly digest: Digest;
  /** Lower case. */
  readonly hex: string;
}

/** One file or folder of a xar. Sizes in bytes, `offset` from the start of the heap. */
export interface XarMember {
  /** Names from the root, joined by "/". */
  readonly path: string;
  /** "file", "directory", "symlink", "hardlink" …, as written. */
  readonly type: string;
  readonly size: number;
  readonly length: number;
  readonly offset: number;
  readonly encoding: XarEncoding;
  /** Over the stored bytes. */
  readonly archivedChecksum?: XarChecksum;
  /** Over the plain bytes. */
  readonly extractedChecksum?: XarChecksum;
}

/** A signature over the checksum of the table of contents. Bytes, `offset` from the start of the heap. */
export interface XarSignature {
  /** "RSA", as written. */
  readonly style: string;
  readonly offset: number;
  readonly size: number;
  /** The chain that comes along (DER), the signer's first. */
  readonly certificates: readonly Uint8Array[];
}

export interface XarToc {
  readonly signature?: XarSignature;
  /** Where the checksum of the stored table of contents is in the heap. */
  readonly checksum?: { readonly digest: Digest; readonly offset: number; readonly size: number };
  /** Folders before what is in them. */
  readonly members: readonly XarMember[];
}

const ENCODINGS: ReadonlySet<string> = new Set<XarEncoding>(['octet-stream', 'x-gzip', 'x-bzip2', 'x-lzma', 'x-xz']);

/** Reads a table of contents. Throws an XmlFault; heap ranges are the caller's to check. */
export function parseToc(xml: string): XarToc {
  const root = parseXml(xml);
  const toc = root.nodeName === 'xar' ? childrenOf(root, 'toc')[0] : undefined;
  if (!toc) throw new XmlFault(0, '<xar><toc>', `<${root.nodeName}>`);
  const members: XarMember[] = [];
  const elements = new Map<string, { element: Element; at: number }>();
  const links: { at: number; to: string }[] = [];
  // A long name of a folder comes again in the path of each member of it.
  let pathLengths = 0;
  // Depth first, in the file's order; the depth is bounded by parseXml.
  const walk = (parent: Element, prefix: string) => {
    const names = new Set<string>();
    for (const element of childrenOf(parent, 'file')) {
      const name = nameOf(element, prefix);
      const path = prefix + name;
      pathLengths += path.length;
      if (path.length > MAX_NAME)
        throw fault(path, `a path of at most ${MAX_NAME} characters`, `one of ${path.length}`);
      if (pathLengths > MAX_NAMES) throw fault(path, `at most ${MAX_NAMES} characters of paths`, 'more');
      if (names.has(name)) throw fault(path, 'each name once in a folder', 'it twice');
      names.add(name);
      const id = element.getAttribute('id');
      const link = childrenOf(element, 'type')[0]?.getAttribute('link');
      if (id && !elements.has(id)) elements.set(id, { element, at: members.length });
      if (link && link !== 'original') links.push({ at: members.length, to: link });
      members.push(memberOf(element, path));
      walk(element, `${path}/`);
    }
  };
  walk(toc, '');
  for (const { at, to } of links) {
    const original = elements.get(to);
    const link = members[at]!;
    if (!original) throw fault(link.path, 'a hard link to a member that is there', `id ${JSON.stringify(to)}`);
    members[at] = { ...members[original.at]!, path: link.path, type: link.type };
  }
  const checksum = checksumOf(toc);
  const signature = signatureOf(toc);
  return { members, ...(checksum && { checksum }), ...(signature && { signature }) };
}

/** The RSA signature; the CMS one that newer archives have beside it ("x-signature") is not read. */
function signatureOf(toc: Element): XarSignature | undefined {
  const element = childrenOf(toc, 'signature')[0];
  if (!element) return undefined;
  const chain = childrenOf(element, 'KeyInfo')
    .flatMap((info) => childrenOf(info, 'X509Data'))
    .flatMap((data) => childrenOf(data, 'X509Certificate'));
  return {
    style: element.getAttribute('style') ?? '',
    offset: numberIn(element, 'offset', 'toc'),
    size: numberIn(element, 'size', 'toc'),
    certificates: chain.map(({ textContent }) => Buffer.from(textContent ?? '', 'base64')),
  };
}

function fault(path: string, expected: string, found: string): XmlFault {
  return new XmlFault(0, expected, `${found} in ${JSON.stringify(path.slice(0, 200))}`);
}

/** The member's name, refused where it could lead elsewhere. */
function nameOf(element: Element, prefix: string): string {
  const found = childrenOf(element, 'name');
  const text = found[0]?.textContent ?? '';
  const name = found[0]?.getAttribute('enctype') === 'base64' ? Buffer.from(text, 'base64').toString('utf8') : text;
  if (found.length !== 1 || name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw fault(
      prefix,
      'a plain name',
      found.length === 1 ? JSON.stringify(name.slice(0, 200)) : `${found.length} names`,
    );
  }
  return name;
}

function memberOf(element: Element, path: string): XarMember {
  const type = textOf(element, 'type') ?? 'file';
  const data = childrenOf(element, 'data');
  if (data.length > 1) throw fault(path, 'one <data>', `${data.length}`);
  if (!data[0]) return { path, type, size: 0, length: 0, offset: 0, encoding: 'octet-stream' };
  const style = childrenOf(data[0], 'encoding')[0]?.getAttribute('style') ?? 'application/octet-stream';
  const encoding = style.replace('application/', '');
  if (!ENCODINGS.has(encoding)) throw fault(path, 'a known encoding', JSON.stringify(style));
  const length = numberIn(data[0], 'length', path);
  const size = numberIn(data[0], 'size', path);
  if (encoding === 'octet-stream' && size !== length) {
    throw fault(path, `${length} plain bytes, as many as are stored`, `${size}`);
  }
  const archived = checksumIn(data[0], 'archived-checksum', path);
  const extracted = checksumIn(data[0], 'extracted-checksum', path);
  return {
    path,
    type,
    size,
    length,
    offset: numberIn(data[0], 'offset', path),
    encoding: encoding as XarEncoding,
    ...(archived && { archivedChecksum: archived }),
    ...(extracted && { extractedChecksum: extracted }),
  };
}

function numberIn(element: Element, name: string, path: string): number {
  const text = textOf(element, name) ?? '';
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw fault(path, `a number as <${name}>`, JSON.stringify(text.slice(0, 40)));
  return value;
}

function checksumIn(data: Element, name: string, path: string): XarChecksum | undefined {
  const element = childrenOf(data, name)[0];
  const style = element?.getAttribute('style') ?? 'none';
  if (!element || style.toLowerCase() === 'none') return undefined;
  const digest = digestNamed(style);
  if (!digest) throw fault(path, 'a known checksum', JSON.stringify(style.slice(0, 40)));
  const hex = (element.textContent ?? '').trim().toLowerCase();
  if (!/^[0-9a-f]*$/.test(hex) || hex.length !== 2 * digestSize(digest)) {
    throw fault(path, `${2 * digestSize(digest)} hexadecimal digits as <${name}>`, JSON.stringify(hex.slice(0, 140)));
  }
  return { digest, hex };
}

function checksumOf(toc: Element): XarToc['checksum'] {
  const element = childrenOf(toc, 'checksum')[0];
  const style = element?.getAttribute('style') ?? 'none';
  if (!element || style.toLowerCase() === 'none') return undefined;
  const digest = digestNamed(style);
  if (!digest) throw fault('toc', 'a known checksum', JSON.stringify(style.slice(0, 40)));
  return { digest, offset: numberIn(element, 'offset', 'toc'), size: numberIn(element, 'size', 'toc') };
}
