import { type ByteSource, chunks } from '../../src/formats/bytes.js';
import { writeXar, type XarInput } from '../../src/formats/xar/index.js';
import { Assembly } from './assembly.js';
import type { Contents } from './content.js';

/** What a flat package is made of, besides its payload. */
export interface PackageDetails {
  /** "Essentials" */
  readonly name: string;
  readonly version: string;
  readonly files: number;
  /** Bytes of the files. */
  readonly installed: number;
}

/** A flat package: a xar of Bom, PackageInfo, Scripts and Payload, if it has one. The payload is read once here, for its checksum. */
export async function flatPackage(
  details: PackageDetails,
  bom: Uint8Array,
  payload: ByteSource | undefined,
  contents: Contents,
): Promise<ByteSource> {
  const { name } = details;
  const scripts = await contents.file(`${name} Scripts`, 2048, 'noise').read(0, 2048);
  return xarSource(`${name}.pkg`, [
    { name: 'Bom', content: bytesOf(bom), compress: true },
    { name: 'Scripts', content: bytesOf(scripts) },
    { name: 'PackageInfo', content: bytesOf(Buffer.from(packageInfo(details))), compress: true },
    ...(payload ? [{ name: 'Payload', content: payload }] : []),
  ]);
}

/** A xar made when it is read. Contents that are sources are read once here; the archive then only refers to them. */
export async function xarSource(name: string, members: readonly XarInput[]): Promise<ByteSource> {
  const assembly = new Assembly();
  const standIn = (member: XarInput): XarInput => {
    if ('children' in member) return { ...member, children: member.children.map(standIn) };
    const { content } = member;
    // What is compressed is made in memory anyway.
    if (typeof content === 'function' || member.compress) return member;
    let reading = 0;
    // First for the checksum, then to be written: from then on blanks will do.
    return { ...member, content: () => (reading++ === 0 ? chunks(content) : asyncly(assembly.blanks(content))) };
  };
  await writeXar(members.map(standIn), async (bytes) => assembly.append(bytes));
  return assembly.source(name);
}

function packageInfo({ name, version, files, installed }: PackageDetails): string {
  const kilobytes = Math.ceil(installed / 1024);
  return (
    `<?xml version="1.0" encoding="utf-8"?>\n` +
    `<pkg-info format-version="2" identifier="org.osx-iso.pkg.${name}" version="${version}" install-location="/" auth="root">\n` +
    `  <payload installKBytes="${kilobytes}" numberOfFiles="${files}"/>\n</pkg-info>\n`
  );
}

function bytesOf(bytes: Uint8Array): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield bytes;
  };
}

async function* asyncly<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
