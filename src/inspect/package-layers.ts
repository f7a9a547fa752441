import type { ByteSource } from '../formats/bytes.js';
import type { Entry, Path, Tree } from '../formats/entry.js';
import { openPackage, type PackageTree } from '../formats/payload.js';
import { openXar } from '../formats/xar/index.js';
import { ArchiveTree } from './archive-tree.js';
import type { Opened } from './opened.js';

/**
 * Opens a flat package: what its payloads hold, or of one without any its members. Where the payloads have nothing at a path it
 * means a member: InstallESD.dmg of Apple's downloads lies beside a Payload.
 */
export async function openPackageLayers(file: ByteSource): Promise<Opened> {
  const archive = await openXar(file);
  const hasPayload = archive.members.some(({ path, type }) => type === 'file' && /^([^/]+\/)?Payload$/.test(path));
  const members = new ArchiveTree(archive);
  const payload = hasPayload ? await openPackage(file) : undefined;
  const tree = payload ? new PayloadThenMembers(payload, members) : members;
  const forms = payload ? `payload: ${payload.forms.join(', ')}` : 'no payload';
  return {
    layers: [
      {
        kind: 'package',
        name: file.name,
        lines: [
          `${file.size} bytes; ${forms}`,
          ...archive.members.filter(({ type }) => type === 'file').map(({ path, size }) => `${path}  ${size} bytes`),
        ],
      },
    ],
    tree,
    entry: async (path) => {
      for await (const found of tree.walk(path)) if (found.path.length === path.length) return found;
      return undefined;
    },
    content: async ({ kind, data }) => (kind === 'file' ? data : undefined),
    ...(payload && { prove: (path: Path, signal: AbortSignal) => payload.verify({ below: path, signal }) }),
  };
}

class PayloadThenMembers implements Tree {
  readonly name: string;

  constructor(
    readonly payload: PackageTree,
    readonly members: ArchiveTree,
  ) {
    this.name = payload.name;
  }

  async *walk(from: Path = []): AsyncGenerator<Entry> {
    let found = false;
    for await (const entry of this.payload.walk(from)) {
      found = true;
      yield entry;
    }
    if (!found) yield* this.members.walk(from);
  }

  async close(): Promise<void> {
    await this.payload.close();
  }
}
