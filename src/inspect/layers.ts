import type { ByteSource } from '../formats/bytes.js';
import { type Disk, openDisk, openVolume } from '../formats/disk.js';
import type { Entry, Path, Tree } from '../formats/entry.js';
import { mapTitle } from '../formats/partition-map/index.js';
import { openPackage } from '../formats/payload.js';
import { openXar } from '../formats/xar/index.js';
import { releaseTitle } from '../releases.js';
import { isPackage } from '../source/unwrap.js';
import { readSystemVersion } from '../system-version.js';
import { volumeUuid } from '../verify/uuid.js';
import { ArchiveTree } from './archive-tree.js';

/** One container in the chain: what it is, and what is known of it as short lines. */
export interface Layer {
  readonly kind: 'disk image' | 'partition map' | 'volume' | 'package';
  readonly name: string;
  readonly lines: readonly string[];
}

/** The innermost thing that was opened: a tree one can list and read files of. */
export interface Opened {
  readonly layers: readonly Layer[];
  readonly tree: Tree;
  entry(path: Path): Promise<Entry | undefined>;
  file(path: Path): Promise<ByteSource | undefined>;
}

/** Opens a file as what its bytes say it is: a disk image with an HFS+ volume, or a flat package. */
export async function openLayers(file: ByteSource): Promise<Opened> {
  if (await isPackage(file)) return openPackageLayers(file);
  const disk = await openDisk(file);
  const { partition, volume } = await openVolume(disk);
  const { header } = volume;
  const journal = await volume.journal();
  const system = await readSystemVersion(volume).catch(() => undefined);
  const layers: Layer[] = [
    ...diskLayers(disk, file),
    {
      kind: 'volume',
      name: volume.name,
      lines: [
        `${volume.caseSensitive ? 'HFSX, case-sensitive' : 'HFS+'}, ${header.totalBlocks} blocks of ${header.blockSize} bytes, ${header.freeBlocks} free`,
        `${header.fileCount} files, ${header.folderCount} folders; journal: ${journal.state}; UUID ${volumeUuid(header.finderInfo)}`,
        ...(disk.map.scheme === 'none'
          ? []
          : [`in partition ${partition.index}, from byte ${partition.firstSector * 512}`]),
        ...(system ? [releaseTitle(system.version, system.build)] : []),
      ],
    },
  ];
  return { layers, tree: volume, entry: (path) => volume.entry(path), file: (path) => volume.file(path) };
}

function diskLayers(disk: Disk, file: ByteSource): Layer[] {
  const { udif, map } = disk;
  const lines = [`${file.size} bytes${disk.source.size === file.size ? '' : `, ${disk.source.size} when decoded`}`];
  if (udif) {
    const { structure } = udif;
    lines.push(`${udif.runs.count} runs${structure.hasLicence ? ', shows a licence' : ''}`);
  }
  const kind = udif ? `UDIF (${udif.structure.format})` : disk.kind === 'sparse' ? 'sparse image (UDSP)' : 'raw disk';
  const layers: Layer[] = [{ kind: 'disk image', name: `${file.name}: ${kind}`, lines }];
  if (map.scheme !== 'none') {
    layers.push({
      kind: 'partition map',
      name: mapTitle(map),
      lines: [
        ...map.partitions.map(
          ({ index, name, type, firstSector, sectorCount }) =>
            `${index}  ${type}  "${name}"  sectors ${firstSector}…${firstSector + sectorCount - 1}`,
        ),
        ...map.warnings,
        ...map.notes,
      ],
    });
  }
  return layers;
}

async function openPackageLayers(file: ByteSource): Promise<Opened> {
  const archive = await openXar(file);
  const hasPayload = archive.members.some(({ path, type }) => type === 'file' && /^([^/]+\/)?Payload$/.test(path));
  const tree = hasPayload ? await openPackage(file) : new ArchiveTree(archive);
  const entry = async (path: Path): Promise<Entry | undefined> => {
    for await (const found of tree.walk(path)) if (found.path.length === path.length) return found;
    return undefined;
  };
  return {
    layers: [
      {
        kind: 'package',
        name: file.name,
        lines: [
          `${file.size} bytes; ${tree instanceof ArchiveTree ? 'no payload' : `payload: ${tree.forms.join(', ')}`}`,
          ...archive.members.filter(({ type }) => type === 'file').map(({ path, size }) => `${path}  ${size} bytes`),
        ],
      },
    ],
    tree,
    entry,
    file: async (path) => {
      const found = await entry(path);
      return found?.kind === 'file' ? found.data : undefined;
    },
  };
}
