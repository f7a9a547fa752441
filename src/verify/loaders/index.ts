import type { Disk } from '../../formats/disk.js';
import type { HfsVolume } from '../../formats/hfsplus/volume.js';
import { type HfsPartition, SECTOR } from '../../formats/partition-map/index.js';
import { defaultLoader, LOADERS, type Loader, type LoaderId } from '../../known/loaders.js';
import type { Release } from '../../releases.js';
import type { Checks } from '../report.js';
import { volumeUuid } from '../uuid.js';
import type { BootChoice } from './boot-choice.js';
import { type BootObject, bootObjects } from './boot-files.js';
import { blindTo, stumbles } from './rules.js';

/** More sentences of one loader than this help nobody. */
const MOST_FINDINGS = 8;

/** A finished disk, opened. */
export interface OpenedDisk {
  readonly disk: Disk;
  readonly partition: HfsPartition;
  readonly volume: HfsVolume;
}

/**
 * What each loader will stumble over, from the table of their limits. An error for the one this release is started with by default, and
 * for those that are on the disk themselves (`brought`), and for the kernel, which every start ends in; a warning for the others.
 */
export async function checkLoaders(
  opened: OpenedDisk,
  release: Release,
  choice: BootChoice,
  checks: Checks,
  brought: readonly LoaderId[] = [],
): Promise<void> {
  const objects: BootObject[] = [];
  for await (const object of bootObjects(opened.volume, choice)) objects.push(object);
  const usual = [defaultLoader(release.version), ...brought];
  for (const loader of Object.values(LOADERS)) {
    const read = objects.filter(({ what }) => what === 'tree' || loader.reads.includes(what));
    // Who starts no file of this volume does not mind how it is.
    if (loader.id === 'boot1h' && !read.some(({ what }) => what === 'boot')) continue;
    const blind = overMap(loader, opened);
    const said = [...(blind === undefined ? [] : [blind]), ...overVolume(loader, read, opened)];
    const severity = usual.includes(loader.id) || loader.id === 'xnu' ? 'error' : 'warning';
    for (const text of said.slice(0, MOST_FINDINGS)) checks.find(severity, loader.name, text);
    if (said.length > MOST_FINDINGS)
      checks.find(severity, loader.name, `… and ${said.length - MOST_FINDINGS} more of this kind`);
    if (said.length === 0 && usual.includes(loader.id)) {
      checks.pass(loader.name, `finds the volume and reads all ${read.length} files and trees it may want`);
    }
  }
}

/** Why a loader does not see the volume at all; undefined where it does. */
export function overMap(loader: Loader, { disk, partition }: OpenedDisk): string | undefined {
  // Chameleon and a bare volume: the check of the map says so.
  return disk.map.scheme === 'none' ? undefined : blindTo(loader, disk.map, partition.index);
}

/** What a loader stumbles over on the volume itself, as sentences. */
export function overVolume(
  loader: Loader,
  objects: readonly BootObject[],
  { disk, partition, volume }: OpenedDisk,
): string[] {
  const { header, name } = volume;
  const { signatures, blockSize, nodeSize, label, needsUuid } = loader;
  const said: string[] = [];
  if (!signatures.is.includes(header.signature)) {
    said.push(`the volume is ${header.signature === 'HX' ? 'HFSX' : header.signature}, which it does not read`);
  }
  if (blockSize && (header.blockSize < blockSize.is.min || header.blockSize > blockSize.is.max)) {
    said.push(
      `the volume has blocks of ${header.blockSize} bytes: it reads ${blockSize.is.min} to ${blockSize.is.max}`,
    );
  }
  for (const tree of nodeSize ? [volume.catalog, volume.extentsTree] : []) {
    const size = tree.header.nodeSize;
    if (size > nodeSize!.is) said.push(`a tree has nodes of ${size} bytes: it reads at most ${nodeSize!.is}`);
  }
  if (label && name.length > label.is)
    said.push(`the volume's name has ${name.length} characters: it shows ${label.is}`);
  if (needsUuid && volumeUuid(header.finderInfo) === 'none') {
    said.push('bytes 24 to 31 of finderInfo are zero: the volume has no UUID, and there is no root device without');
  }
  const place = {
    diskSectors: Math.floor(disk.source.size / SECTOR),
    volumeAt: partition.wrapped ? undefined : partition.firstSector * SECTOR,
    blockSize: header.blockSize,
  };
  return [...said, ...objects.flatMap((object) => stumbles(loader, object, place))];
}
