import type { ApmMap, PartitionMap } from '../../formats/partition-map/index.js';
import { SECTOR } from '../../formats/partition-map/index.js';
import type { Loader, MapForm } from '../../known/loaders.js';
import type { BootObject } from './boot-files.js';

/** Where a volume lies, and how large the disk is. */
export interface Place {
  /** Sectors of the disk, the whole ones. */
  readonly diskSectors: number;
  /** Byte of the disk where the volume begins; undefined where that is not known (an HFS wrapper). */
  readonly volumeAt: number | undefined;
  readonly blockSize: number;
}

/** How a loader stumbles over a file or tree, as sentences; none where it does not. */
export function stumbles(loader: Loader, object: BootObject, place: Place): string[] {
  const { path } = object;
  const said = [overLinks(loader, object), overContent(loader, object), overEnd(loader, object, place)];
  const { extents, fileSize } = loader;
  if (extents !== undefined && object.extents.length > extents.is) {
    said.push(`is in ${object.extents.length} extents, and it finds ${extents.is} at most`);
  }
  if (fileSize !== undefined && object.what !== 'tree' && object.size > fileSize.is) {
    said.push(`has ${object.size} bytes, and it has room for ${fileSize.is}`);
  }
  return said.filter((text) => text !== undefined).map((text) => `${path} ${text}`);
}

function overLinks(loader: Loader, { path, hops }: BootObject): string | undefined {
  for (const hop of hops) {
    const follows = hop.kind === 'symbolic link' ? loader.symlinks.is : hop.kind === 'hard link' && loader.hardLinks.is;
    if (follows) continue;
    const what = hop.path === path ? `is a ${hop.kind}` : `lies behind ${hop.path}, a ${hop.kind}`;
    return `${what}, which it does not follow`;
  }
  return undefined;
}

function overContent(loader: Loader, { compressed, size, resource, what }: BootObject): string | undefined {
  if (compressed && !loader.compressed.is) return 'is compressed (decmpfs), and it sees an empty file';
  if (!compressed && what !== 'tree' && size === 0 && resource > 0) {
    return 'has its content in the resource fork, and it sees an empty file';
  }
  return undefined;
}

/** Every sector it may want must have enough behind it. */
function overEnd(loader: Loader, { size, extents }: BootObject, place: Place): string | undefined {
  const { readAhead } = loader;
  const { diskSectors, volumeAt, blockSize } = place;
  if (!readAhead || volumeAt === undefined) return undefined;
  let left = size;
  let last = -1;
  for (const { startBlock, blockCount } of extents) {
    const bytes = Math.min(left, blockCount * blockSize);
    if (bytes <= 0) break;
    last = Math.max(last, Math.floor((volumeAt + startBlock * blockSize + bytes - 1) / SECTOR));
    left -= bytes;
  }
  if (last < 0 || last + readAhead.is <= diskSectors) return undefined;
  const behind = diskSectors - last - 1;
  return `ends ${behind} sectors before the end of the disk; it reads ${readAhead.is} at a time, fails, and takes stale bytes for the file`;
}

/** Which form a map has for its readers. */
export function mapForm(map: PartitionMap): MapForm {
  if (map.scheme !== 'apm') return map.scheme;
  if (map.unit < map.blockSize) return 'old-school';
  return map.unit === SECTOR ? 'apm512' : 'apm2048';
}

/** Why a loader does not see the volume in partition `index`, attached as a disk; undefined where it does. */
export function blindTo(loader: Loader, map: PartitionMap, index: number): string | undefined {
  if (!loader.maps) return undefined;
  const form = mapForm(map);
  const seen = loader.maps[form].is;
  // Old-school maps for CDs have a second row of entries, where those who go by the descriptor find them.
  const doubled = map.scheme === 'apm' && map.cdEntries > 0;
  if ((seen === 'nothing' || seen === 'CD') && !(form === 'old-school' && doubled)) {
    return `${NAMES[form]}: ${seen === 'CD' ? 'it sees the volume only on a CD' : 'it sees no volume'}`;
  }
  if (loader.id === 'chameleon') return chameleonBlind(map, index);
  const { statedSectors, sectorCount } = map.partitions.find((partition) => partition.index === index) ?? {};
  if (loader.id === 'opencore' && statedSectors !== undefined) {
    return `partition ${index} ends ${statedSectors - (sectorCount ?? 0)} sectors past the end of the disk: it leaves it out`;
  }
  return undefined;
}

const NAMES: Readonly<Record<MapForm, string>> = {
  apm512: 'an Apple map with blocks of 512 bytes',
  apm2048: 'an Apple map with blocks of more than 512 bytes',
  'old-school': 'an Apple map whose descriptor says 2048 and whose entries are 512 bytes apart',
  gpt: 'a GUID map',
  mbr: 'a master boot record',
  none: 'no map',
};

/** disk.c: entries from the second on, of exactly this type; GUID maps behind exactly one protective entry. */
function chameleonBlind(map: PartitionMap, index: number): string | undefined {
  if (map.scheme === 'apm') return appleBlind(map, index);
  if (map.scheme !== 'gpt') return undefined;
  const protective = [0, 1, 2, 3].filter((i) => map.mbr[446 + 16 * i + 4] === 0xee).length;
  if (map.mbr[510] !== 0x55 || map.mbr[511] !== 0xaa)
    return 'sector 0 does not end in 55AA: it does not look for the GUID map';
  if (protective === 1) return undefined;
  return `sector 0 has ${protective} entries of type 0xEE: it takes the GUID map only behind exactly one`;
}

function appleBlind(map: ApmMap, index: number): string | undefined {
  if (index < 2) return `the volume is entry ${index} of the map: it looks from entry 2 on`;
  const type = map.partitions.find((partition) => partition.index === index)?.type;
  return type === 'Apple_HFS' ? undefined : `the volume's entry has the type ${type}: it takes only Apple_HFS`;
}
