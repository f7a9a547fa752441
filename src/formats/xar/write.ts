import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { type ByteSource, chunks } from '../bytes.js';
import { encodeXarHeader } from './header.js';

/** What is to become a member: a folder, or a file whose content can be read twice. */
export type XarInput =
  | { readonly name: string; readonly children: readonly XarInput[] }
  | {
      readonly name: string;
      readonly content: ByteSource | (() => AsyncIterable<Uint8Array>);
      /** Stored as a zlib stream ("x-gzip"), made in memory: for small members. */
      readonly compress?: boolean;
    };

/** One member's data as it will lie in the heap. */
interface Stored {
  readonly offset: number;
  readonly length: number;
  bytes(): AsyncIterable<Uint8Array>;
}

/**
 * Writes a xar with SHA-1 checksums, front to back through `append`. The table of contents stands before the data, so stored
 * members are read twice; they may be of any length.
 */
export async function writeXar(
  members: readonly XarInput[],
  append: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const heap: Stored[] = [];
  let heapSize = 20; // the checksum of the table of contents comes first
  let id = 0;

  const fileXml = async (member: XarInput): Promise<string> => {
    if (member.name === '' || /[/\0]/.test(member.name)) throw new Error(`not a member name: ${member.name}`);
    const open = `<file id="${++id}">\n<name>${escapeXml(member.name)}</name>\n`;
    if ('children' in member) {
      const children: string[] = [];
      for (const child of member.children) children.push(await fileXml(child));
      return `${open}<type>directory</type>\n<mode>0755</mode>\n${children.join('')}</file>\n`;
    }
    const extracted = await digestOf(contentOf(member.content));
    let archived = extracted;
    let bytes = () => contentOf(member.content);
    if (member.compress) {
      const packed = deflateSync(await join(bytes()));
      bytes = async function* () {
        yield packed;
      };
      archived = await digestOf(bytes());
    }
    const offset = heapSize;
    heap.push({ offset, length: archived.length, bytes });
    heapSize += archived.length;
    return (
      `${open}<type>file</type>\n<mode>0644</mode>\n<data>\n<length>${archived.length}</length>\n` +
      `<offset>${offset}</offset>\n<size>${extracted.length}</size>\n` +
      `<encoding style="application/${member.compress ? 'x-gzip' : 'octet-stream'}"/>\n` +
      `<archived-checksum style="sha1">${archived.sha1}</archived-checksum>\n` +
      `<extracted-checksum style="sha1">${extracted.sha1}</extracted-checksum>\n</data>\n</file>\n`
    );
  };

  const files: string[] = [];
  for (const member of members) files.push(await fileXml(member));
  const toc = Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n<xar>\n<toc>\n' +
      '<checksum style="sha1">\n<offset>0</offset>\n<size>20</size>\n</checksum>\n' +
      `${files.join('')}</toc>\n</xar>\n`,
  );
  const packed = deflateSync(toc);
  await append(encodeXarHeader({ tocStored: packed.length, tocPlain: toc.length, digest: 'sha1' }));
  await append(packed);
  await append(createHash('sha1').update(packed).digest());
  for (const member of heap) {
    let length = 0;
    for await (const bytes of member.bytes()) {
      length += bytes.length;
      await append(bytes);
    }
    if (length !== member.length) throw new Error('a member changed its length between two readings');
  }
}

function contentOf(content: ByteSource | (() => AsyncIterable<Uint8Array>)): AsyncIterable<Uint8Array> {
  return typeof content === 'function' ? content() : chunks(content);
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<{ sha1: string; length: number }> {
  const hash = createHash('sha1');
  let length = 0;
  for await (const part of bytes) {
    hash.update(part);
    length += part.length;
  }
  return { sha1: hash.digest('hex'), length };
}

async function join(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
