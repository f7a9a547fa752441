import { FormatError, SourceError } from '../../errors.js';
import { asArray, asDict, type PlistValue, parsePlist, plistData, plistGet, plistString } from '../../plist/plist.js';
import type { ByteSource } from '../bytes.js';
import { type UdifFormat, UdifImage } from './image.js';
import { isKoly, KOLY_SIZE, type Koly, readKoly } from './koly.js';
import { type Mish, readMish } from './mish.js';
import { buildRunIndex, type RunIndex } from './runs.js';

/**
 * Opens a UDIF image (a .dmg). undefined where the source has no koly trailer: then it may be a raw disk. FormatError for a
 * damaged one, SourceError for an encrypted or segmented one.
 */
export async function openUdif(source: ByteSource): Promise<UdifImage | undefined> {
  const found = await findKoly(source);
  if (found === undefined) {
    await refuseEncrypted(source);
    return undefined;
  }
  const { koly, at } = found;
  refuseSegmented(source, koly);
  const fail = (structure: string, offset: number, expected: string, was: string): never => {
    throw new FormatError({ file: source.name, structure, offset, expected, found: was });
  };
  if (koly.dataForkOffset + koly.dataForkLength > source.size) {
    const was = `${koly.dataForkLength} bytes at ${koly.dataForkOffset}`;
    fail('koly trailer', at, `a data fork inside the ${source.size} bytes there are`, was);
  }
  if (koly.xmlLength === 0) fail('koly trailer', at, 'a property list', 'none');
  if (koly.xmlOffset + koly.xmlLength > source.size) {
    const was = `${koly.xmlLength} bytes at ${koly.xmlOffset}`;
    fail('koly trailer', at, `a property list inside the ${source.size} bytes there are`, was);
  }
  if (koly.xmlLength > MAX_XML_BYTES) {
    fail('koly trailer', at, `a property list of at most ${MAX_XML_BYTES} bytes`, `${koly.xmlLength}`);
  }
  const plist = parsePlist(await source.read(koly.xmlOffset, koly.xmlLength), source.name);
  const resources = plistGet(plist, 'resource-fork');
  const tables = readTables(resources, source.name, koly.xmlOffset);
  const runs = buildRunIndex(tables, {
    file: source.name,
    xmlOffset: koly.xmlOffset,
    dataForkOffset: koly.dataForkOffset,
    dataForkLength: koly.dataForkLength,
    statedSectors: koly.sectorCount,
  });
  return new UdifImage(
    source,
    {
      format: formatOf(runs),
      variant: koly.variant,
      partitions: tables.map(({ name, mish: { firstSector, sectorCount, checksum } }) => ({
        name,
        firstSector,
        sectorCount,
        checksum,
      })),
      masterChecksum: koly.masterChecksum,
      dataChecksum: koly.dataChecksum,
      dataFork: { offset: koly.dataForkOffset, length: koly.dataForkLength },
      hasLicence: plistGet(resources, 'LPic') !== undefined,
    },
    runs,
  );
}

/** Bytes of the largest property list that is read; that of a 100 GB image has about 6 MB. */
export const MAX_XML_BYTES = 32 << 20;

/** At the end first, whatever the file starts with: some downloads are xar and UDIF at once. */
async function findKoly(source: ByteSource): Promise<{ koly: Koly; at: number } | undefined> {
  if (source.size < KOLY_SIZE) return undefined;
  for (const at of [source.size - KOLY_SIZE, 0]) {
    const bytes = await source.read(at, KOLY_SIZE);
    if (isKoly(bytes)) return { koly: readKoly(bytes, source.name, at), at };
  }
  return undefined;
}

async function refuseEncrypted(source: ByteSource): Promise<void> {
  if (source.size < 8) return;
  const text = async (at: number) => String.fromCharCode(...(await source.read(at, 8)));
  if ((await text(0)) === 'encrcdsa' || (await text(source.size - 8)) === 'cdsaencr') {
    throw new SourceError(`${source.name} is an encrypted disk image; osx-iso cannot read those.`, {
      hint: `On a Mac, make a plain copy of it: hdiutil convert ${JSON.stringify(source.name)} -format UDZO -o plain.dmg`,
    });
  }
}

function refuseSegmented(source: ByteSource, koly: Koly): void {
  if (koly.segmentCount > 1) {
    throw new SourceError(
      `${source.name} is part ${koly.segmentNumber} of a disk image in ${koly.segmentCount} segments; osx-iso reads images in one file.`,
      {
        hint: `On a Mac, join them: hdiutil convert ${JSON.stringify(source.name)} -format UDZO -o whole.dmg`,
      },
    );
  }
}

/** The blkx tables of the property list: resource-fork, blkx, an array of { Name, Data }. */
function readTables(resources: PlistValue | undefined, file: string, at: number): { name: string; mish: Mish }[] {
  const fail = (expected: string, found: string): never => {
    throw new FormatError({ file, structure: 'property list', offset: at, expected, found });
  };
  const list = asArray(plistGet(resources, 'blkx'));
  if (list === undefined || list.length === 0) return fail('blkx tables under resource-fork', 'none');
  return list.map((entry, index) => {
    const data = plistData(entry, 'Data');
    if (asDict(entry) === undefined || data === undefined) return fail(`Data in blkx ${index}`, 'none');
    const name = plistString(entry, 'Name') ?? plistString(entry, 'CFName') ?? '';
    return { name, mish: readMish(data, file, name, at) };
  });
}

function formatOf(runs: RunIndex): UdifFormat {
  for (let run = 0; run < runs.count; run++) {
    switch (runs.kind(run)) {
      case 'adc':
        return 'UDCO';
      case 'zlib':
        return 'UDZO';
      case 'bzip2':
        return 'UDBZ';
      case 'lzfse':
        return 'ULFO';
      case 'xz':
        return 'ULMO';
      default:
    }
  }
  return 'UDRO';
}
