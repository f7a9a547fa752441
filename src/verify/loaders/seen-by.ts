import { SourceError } from '../../errors.js';
import type { ByteSource } from '../../formats/bytes.js';
import { openDisk, openVolume } from '../../formats/disk.js';
import type { HfsVolume } from '../../formats/hfsplus/volume.js';
import type { PartitionMap } from '../../formats/partition-map/index.js';
import { LOADERS, type LoaderId } from '../../known/loaders.js';
import { versionOnMedium } from '../../known/system-version.js';
import { releaseOf } from '../../releases.js';
import { type BootChoice, bootChoice } from './boot-choice.js';
import { type BootObject, bootObjects } from './boot-files.js';
import { overMap, overVolume } from './index.js';

/** A disk as one loader has it. */
export interface SeenDisk {
  readonly map: PartitionMap['scheme'];
  /** Why it does not see the volume; undefined where it does. */
  readonly blind: string | undefined;
  /** What it stumbles over on the volume. */
  readonly stumbles: readonly string[];
}

/** What a loader makes of a disk, from the table of its limits. SourceError where that is no disk with an HFS+ volume. */
export async function seenBy(id: LoaderId, file: ByteSource): Promise<SeenDisk> {
  const loader = LOADERS[id];
  const disk = await openDisk(file);
  const opened = { disk, ...(await openVolume(disk)) };
  const objects: BootObject[] = [];
  for await (const object of bootObjects(opened.volume, await choiceOf(opened.volume))) {
    if (object.what === 'tree' || loader.reads.includes(object.what)) objects.push(object);
  }
  const stumbles = overVolume(loader, objects, opened);
  if (loader.reads.includes('boot.efi') && !objects.some(({ what }) => what === 'boot.efi')) {
    stumbles.push('there is no boot.efi on the volume: it has nothing to start');
  }
  return { map: disk.map.scheme, blind: overMap(loader, opened), stumbles };
}

/** The files of the release on it; of a volume that does not say which it is no kernel is looked for. */
async function choiceOf(volume: HfsVolume): Promise<BootChoice> {
  const system = await versionOnMedium(volume).catch((error: unknown) => {
    if (error instanceof SourceError) return undefined;
    throw error;
  });
  const release = system && releaseOf(system.version);
  if (!system || !release) return { kernel: undefined, cache: undefined, olderThanCache: [] };
  return bootChoice(volume, release, system.version);
}
