import { existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openVolume } from '../../src/formats/disk.js';
import { StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { layOut } from '../../src/image/layout.js';
import type { Arguments } from './arguments.js';
import { copySectors, openImage, planDisk, writeDisk } from './disk.js';
import { Failure } from './failures.js';
import { plistText } from './plist-text.js';
import { readState } from './state.js';

const EXTENSION: Readonly<Record<string, string>> = { UDSP: '.sparseimage', UDTO: '.cdr' };
const SECTOR = 512;
/** The most sectors a sparse image is said to grow to: about 2^54, as seen. */
const MOST_SECTORS = 18_014_398_509_481_983n;

/** UDSP and UDTO are both written as raw sectors, the former with holes: a real sparse image has bands. */
export async function convert(args: Arguments, print: (line: string) => void): Promise<void> {
  const path = resolve(args.operand('convert'));
  const extension = EXTENSION[args.value('-format') ?? ''];
  const wanted = args.value('-o');
  if (extension === undefined || wanted === undefined)
    throw new Failure('hdiutil: convert: unknown format or no -o', 1);
  const output = resolve(wanted.endsWith(extension) ? wanted : `${wanted}${extension}`);
  refuseAttachedForWriting(path, 'convert', 'hdiutil: convert failed - Resource temporarily unavailable');
  if (existsSync(output)) {
    if (!args.has('-ov')) throw new Failure('hdiutil: convert failed - File exists', 17);
    rmSync(output);
  }
  const { file, disk } = await openImage(path, 'convert');
  try {
    const strings = args.has('-puppetstrings');
    if (strings) print('PERCENT:-1.000000');
    let shown = -10;
    const report = (part: number) => {
      const percent = part * 100;
      if (!strings || (percent < shown + 10 && percent < 100)) return;
      shown = percent;
      print(`PERCENT:${percent.toFixed(6)}`);
    };
    for (const { type, index } of disk.map.partitions) if (!strings) print(`Reading ${type} (${type} : ${index})…`);
    await copySectors(disk, output, report);
    // What -pmap does to a disk that has a GUID map is not known: here only a bare volume gets a map.
    if (args.has('-pmap') && disk.map.scheme === 'none') await addMap(output);
    print('Elapsed Time:  0.100s');
    print(`created: ${join(realpathSync(dirname(output)), output.slice(dirname(output).length + 1))}`);
  } finally {
    await file.close();
  }
}

async function addMap(path: string): Promise<void> {
  const { file, disk } = await openImage(path, 'convert');
  const { partition } = await openVolume(disk);
  const bare = { size: partition.source.size, blockSize: SECTOR, totalBlocks: partition.source.size / SECTOR };
  const extents = [{ offset: 0, length: bare.size, source: partition.source, from: 0 }];
  await writeDisk(path, layOut(disk, partition, { ...bare, extents, headers: [] }, { map: 'apm' }));
  await file.close();
}

/** `-limits`, `-size` and `-sectors`. The file system is moved together and written anew, which a Mac does not do. */
export async function resize(args: Arguments, print: (line: string) => void): Promise<void> {
  const path = resolve(args.operand('resize'));
  refuseAttachedForWriting(path, 'resize', 'hdiutil: resize: failed. Resource temporarily unavailable (35)');
  const { file, disk } = await openImage(path, 'resize');
  try {
    const { partition, volume } = await openVolume(disk);
    const smallest = await planDisk(disk, partition, new StagedVolume(volume), undefined);
    const minimum = smallest.size / SECTOR;
    if (args.has('-limits')) {
      print(' min 	 cur 	 max ');
      print(`${minimum}	${disk.source.size / SECTOR}	${MOST_SECTORS}`);
      return;
    }
    const text = args.value('-size') ?? args.value('-sectors') ?? '';
    const sectors = args.has('-sectors') ? (text === 'min' ? minimum : Number(text)) : sectorsOf(text);
    if (!Number.isSafeInteger(sectors) || sectors < minimum) {
      throw new Failure('hdiutil: resize: failed. Invalid argument (22)', 22);
    }
    const plan = sectors === minimum ? smallest : await planDisk(disk, partition, new StagedVolume(volume), sectors);
    await writeDisk(path, plan);
  } finally {
    await file.close();
  }
}

/** hdiutil(1): b is 512 bytes, k, m, g, t are powers of 1024. */
function sectorsOf(text: string): number {
  const [, number, letter] = /^(\d+)([bkmgt])$/.exec(text) ?? [];
  const unit = { b: 1, k: 2, m: 2 << 10, g: 2 << 20, t: 2 ** 31 }[letter ?? ''];
  return unit === undefined ? Number.NaN : Number(number) * unit;
}

export async function imageInfo(args: Arguments): Promise<string> {
  const path = resolve(args.operand('imageinfo'));
  refuseAttachedForWriting(path, 'imageinfo', 'hdiutil: imageinfo failed - Resource temporarily unavailable');
  const { file, disk } = await openImage(path, 'imageinfo');
  try {
    const scheme = { apm: 'Apple', gpt: 'GUID', mbr: 'fdisk', none: 'none' }[disk.map.scheme];
    return plistText({
      Format: { udif: 'UDZO', sparse: 'UDSP', raw: path.endsWith('.sparseimage') ? 'UDSP' : 'RAW*' }[disk.kind],
      'Class Name': disk.kind === 'udif' ? 'CUDIFDiskImage' : 'CSparseDiskImage',
      Properties: { Encrypted: disk.kind === 'udif' ? false : 'no', Partitioned: disk.map.scheme !== 'none' },
      'Size Information': {
        'Total Bytes': disk.source.size,
        'Total Non-Empty Bytes': Math.min(disk.source.size, file.size),
        'Sector Count': disk.source.size / SECTOR,
      },
      partitions: { 'partition-scheme': scheme, 'block-size': SECTOR },
    });
  } finally {
    await file.close();
  }
}

function refuseAttachedForWriting(path: string, verb: string, message: string): void {
  if (!existsSync(path)) throw new Failure(`hdiutil: ${verb} failed - No such file or directory`, 2);
  const image = realpathSync(path);
  if (readState().images.some((attached) => attached.image === image && !attached.readOnly))
    throw new Failure(message, 35);
}
