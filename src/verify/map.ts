import type { Disk } from '../formats/disk.js';
import { mapTitle } from '../formats/partition-map/index.js';
import type { Checks } from './report.js';

/** The disk must be raw and have a map that a loader reads. */
export async function checkMap(disk: Disk, checks: Checks): Promise<void> {
  const { map } = disk;
  if (disk.kind !== 'raw') {
    const found = disk.kind === 'udif' ? 'a compressed disk image (UDIF)' : 'a sparse disk image';
    checks.fail(
      'disk image',
      `expected the raw disk that QEMU can start from, found ${found}: osx-iso build makes one`,
    );
    return;
  }
  if (map.scheme === 'none') {
    checks.fail(
      'partition map',
      'expected an Apple or GUID partition map, found a bare volume: Chameleon sees no volume on it',
    );
    return;
  }
  for (const warning of map.warnings) checks.fail('partition map', warning);
  if (map.warnings.length > 0) return;
  // What the map notes is no damage: hdiutil leaves out free space that it counts, and dumps of DVDs are padded.
  const types = map.partitions.map((partition) => partition.type).join(', ');
  checks.pass('partition map', [`${mapTitle(map)}: ${types}`, ...map.notes].join('; '));
}
