import { createHash } from 'node:crypto';
import { type ByteSource, chunks } from '../../src/formats/bytes.js';
import { type Entry, showPath, type Tree } from '../../src/formats/entry.js';

/** Everything about an entry as plain values: contents as SHA-256, links as the first path of the same file. */
export type SnapshotEntry = ReturnType<typeof plain> & { content: string };

/** A tree as plain values by path, to be compared with another. */
export async function snapshot(tree: Pick<Tree, 'walk'>): Promise<Map<string, SnapshotEntry>> {
  const entries = new Map<string, SnapshotEntry>();
  const links = new Map<number, string>();
  for await (const entry of tree.walk()) {
    const path = showPath(entry.path);
    if (entry.link !== undefined && !links.has(entry.link)) links.set(entry.link, path);
    const link = entry.link === undefined ? undefined : links.get(entry.link);
    entries.set(path, { ...plain(entry), link, content: await contentOf(entry) } as SnapshotEntry);
  }
  return entries;
}

function plain(entry: Entry) {
  const { kind, bsd, dates, flags, textEncoding } = entry;
  return {
    kind,
    bsd: { ...bsd },
    dates: { ...dates },
    flags,
    textEncoding,
    finderInfo: Buffer.from(entry.finderInfo).toString('hex'),
    link: undefined as string | undefined,
  };
}

/** Sizes and SHA-256 of both forks and of all attributes. */
async function contentOf(entry: Entry): Promise<string> {
  const parts = [
    ['data', entry.data] as const,
    ['resource', entry.resource] as const,
    ...[...entry.xattrs].sort((a, b) => (a.name < b.name ? -1 : 1)).map((x) => [`xattr ${x.name}`, x.value] as const),
  ];
  const lines: string[] = [];
  for (const [name, source] of parts) {
    if (source && (source.size > 0 || name.startsWith('xattr')))
      lines.push(`${name} ${source.size} ${await sha256(source)}`);
  }
  return lines.join('\n');
}

export async function sha256(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks(source)) hash.update(chunk);
  return hash.digest('hex');
}
