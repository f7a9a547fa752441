import { type PartitionMap, SECTOR } from './types.js';

/** What people call a map: "Apple partition map", and its blocks where they are no sectors. */
export function mapTitle(map: PartitionMap): string {
  switch (map.scheme) {
    case 'apm': {
      const { blockSize, unit } = map;
      if (blockSize === SECTOR) return 'Apple partition map';
      const entries = unit === blockSize ? '' : ` in its descriptor, of ${unit} in its entries`;
      return `Apple partition map with blocks of ${blockSize} bytes${entries}`;
    }
    case 'gpt':
      return `GUID partition table${map.lbaSize === SECTOR ? '' : ` with blocks of ${map.lbaSize} bytes`}`;
    case 'mbr':
      return 'master boot record';
    case 'none':
      return 'no partition map';
    default:
      return map satisfies never;
  }
}
