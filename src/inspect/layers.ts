import { FormatError, SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import { type Disk, openDisk } from '../formats/disk.js';
import { mapTitle } from '../formats/partition-map/index.js';
import { foreign } from '../source/foreign.js';
import { isPackage } from '../source/unwrap.js';
import { findVolume } from './file-systems.js';
import type { Layer, Opened } from './opened.js';
import { openPackageLayers } from './package-layers.js';

/**
 * Opens a file as what its bytes say it is: a disk image with an HFS+ or FAT volume, or a flat package. `partition`: of a disk the
 * volume in it.
 */
export async function openLayers(file: ByteSource, options: { readonly partition?: number } = {}): Promise<Opened> {
  if (await isPackage(file)) return openPackageLayers(file);
  const { disk, found } = await openImage(file, options.partition);
  const { layer, ...opened } = found.volume;
  const layers = [...diskLayers(disk, file), { ...layer, lines: [...layer.lines, ...found.others] }];
  return { ...opened, layers };
}

/** SourceError that says what it is where it is something else. */
async function openImage(file: ByteSource, partition: number | undefined) {
  let disk: Disk | undefined;
  try {
    disk = await openDisk(file);
    return { disk, found: await findVolume(disk, partition) };
  } catch (error) {
    // Of something that has a map, or is packed, its reader tells more.
    const isBare = !disk || (disk.kind === 'raw' && disk.map.scheme === 'none');
    if (!isBare || !(error instanceof SourceError)) throw error;
    throw (await foreign(file.name, file, { purpose: 'inspect', unknown: !(error instanceof FormatError) })) ?? error;
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
