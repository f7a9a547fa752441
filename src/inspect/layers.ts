import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { type Disk, openDisk, openVolume } from '../formats/disk.js';
import { mapTitle } from '../formats/partition-map/index.js';
import { releaseTitle } from '../releases.js';
import { foreignKind } from '../source/foreign.js';
import { isPackage } from '../source/unwrap.js';
import { readSystemVersion } from '../system-version.js';
import { volumeUuid } from '../verify/uuid.js';
import type { Layer, Opened } from './opened.js';
import { openPackageLayers } from './package-layers.js';

/** Opens a file as what its bytes say it is: a disk image with an HFS+ volume, or a flat package. */
export async function openLayers(file: ByteSource): Promise<Opened> {
  if (await isPackage(file)) return openPackageLayers(file);
  const { disk, partition, volume } = await openImage(file);
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
  return { layers, tree: volume, entry: (path) => volume.entry(path), content: ({ path }) => volume.file(path) };
}

/** SourceError that says what it is where it is something else. */
async function openImage(file: ByteSource) {
  try {
    const disk = await openDisk(file);
    return { disk, ...(await openVolume(disk)) };
  } catch (error) {
    const other = error instanceof SourceError ? await foreignKind(file) : undefined;
    if (!other) throw error;
    throw new SourceError(`${file.name}: expected a disk image or a package, found ${other.what}.`, { cause: error });
  }
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
