import { GuidType, type Partition, type PartitionMap } from '../partition-map/index.js';
import type { BlkxPartition } from './write-runs.js';

/** The blkx tables hdiutil makes for a disk: one for each partition, each part of its map, and each stretch of free space. */
export function blkxPartitions(map: PartitionMap): BlkxPartition[] {
  if (map.scheme === 'none') {
    return [{ name: 'whole disk (Apple_HFS : 0)', firstSector: 0, sectorCount: map.totalSectors, id: -2 }];
  }
  const parts: Stretch[] = [
    ...mapParts(map),
    ...map.partitions.map((partition) => ({ ...partition, name: `${partition.name} (${typeName(partition)}` })),
  ].sort((a, b) => a.firstSector - b.firstSector);
  const whole: Stretch[] = [];
  let end = 0;
  for (const part of [...parts, { name: '', firstSector: map.totalSectors, sectorCount: 0 }]) {
    if (part.firstSector > end) {
      whole.push({ name: ' (Apple_Free', firstSector: end, sectorCount: part.firstSector - end });
    }
    if (part.sectorCount > 0) whole.push(part);
    end = Math.max(end, part.firstSector + part.sectorCount);
  }
  return whole.map(({ name, firstSector, sectorCount }, i) => ({
    name: `${name} : ${i})`,
    firstSector,
    sectorCount,
    id: i - 1,
  }));
}

interface Stretch {
  readonly name: string;
  readonly firstSector: number;
  readonly sectorCount: number;
}

/** The map itself. APM lists its own entries' place as a partition. */
function mapParts(map: Exclude<PartitionMap, { scheme: 'none' }>): Stretch[] {
  switch (map.scheme) {
    case 'apm':
      return [{ name: 'Driver Descriptor Map (DDM', firstSector: 0, sectorCount: 1 }];
    case 'mbr':
      return [{ name: 'Master Boot Record (MBR', firstSector: 0, sectorCount: 1 }];
    case 'gpt': {
      const block = map.lbaSize / map.sectorSize;
      const sectors = Math.ceil(map.entries.length / map.lbaSize) * block;
      const last = map.totalSectors - block;
      return [
        { name: 'Protective Master Boot Record (MBR', firstSector: 0, sectorCount: block },
        { name: 'GPT Header (Primary GPT Header', firstSector: block, sectorCount: block },
        { name: 'GPT Partition Data (Primary GPT Table', firstSector: 2 * block, sectorCount: sectors },
        { name: 'GPT Partition Data (Backup GPT Table', firstSector: last - sectors, sectorCount: sectors },
        { name: 'GPT Header (Backup GPT Header', firstSector: last, sectorCount: block },
      ];
    }
    default:
      return map satisfies never;
  }
}

/** hdiutil's word for a type; a GUID or a number where it has none. */
function typeName({ type }: Partition): string {
  if (type === GuidType.hfs || type === '0xAF') return 'Apple_HFS';
  return type === GuidType.apfs ? 'Apple_APFS' : type;
}
