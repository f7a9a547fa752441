import type { ByteSource } from '../formats/bytes.js';
import type { Disk } from '../formats/disk.js';
import type { Checks } from './report.js';

const SECTOR = 512;

/** The disk must be raw, have a map that a loader reads, and end where the map says. */
export async function checkMap(disk: Disk, file: ByteSource, checks: Checks): Promise<void> {
  const { map } = disk;
  if (disk.kind !== 'raw') {
    checks.fail('disk image', `expected the raw disk that QEMU can start from, found a ${disk.kind} image`);
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
  const total = map.totalSectors * SECTOR;
  if (total !== file.size) {
    checks.fail('partition map', `expected a file of ${total} bytes, as the map says, found ${file.size}`);
    return;
  }
  if (map.warnings.length === 0) {
    const names = map.partitions.map((partition) => partition.type).join(', ');
    checks.pass('partition map', `${map.scheme === 'apm' ? 'Apple' : map.scheme.toUpperCase()}: ${names}`);
  }
}
