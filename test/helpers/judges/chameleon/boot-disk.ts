import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeKernel } from '../../../../scripts/installer/kernel.js';
import { fromBytes } from '../../../../src/formats/bytes.js';
import type { Entry, Path } from '../../../../src/formats/entry.js';
import { HfsVolume } from '../../../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../../../src/formats/hfsplus/write/index.js';
import { entry, SOME_DATE } from '../../entries.js';
import { materialize } from '../../materialize.js';
import { scratch } from '../tool.js';
import { SECTOR } from './bios-disk.js';

/** A small disk with what a loader wants, and one thing that may be wrong with it. */
export interface BootDiskOptions {
  /** ProductVersion; default 10.10.5. */
  readonly version?: string;
  /** The text of /Extra/org.chameleon.Boot.plist; `null`: none. */
  readonly plist?: string | null;
  /** Where the kernel is; default as the version wants it; `null`: none. */
  readonly kernel?: string | null;
  readonly kernelSize?: number;
  /** More, or others in the place of these; folders on the way come by themselves. */
  readonly entries?: readonly Entry[];
  readonly map?: 'apm' | 'apm2048' | 'gpt' | 'none';
  readonly blockSize?: number;
  readonly caseSensitive?: boolean;
  /** Breaks files into extents of so many blocks. */
  readonly pieces?: (path: string) => number | undefined;
  /** Free blocks at the volume's end. */
  readonly spare?: number;
  /** The last word: the disk's bytes. */
  readonly change?: (bytes: Buffer) => Buffer;
}

export const TIMEOUT_1 = bootPlist({ Timeout: '1' });
export const NONCE = 'boot-disk';

/** A plist of the form every loader reads. */
export function bootPlist(settings: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(settings).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${pairs.join('')}</dict></plist>\n`;
}

export const kernelBytes = (size = 16_384) => makeKernel({ nonce: NONCE, bits: 64, size });

/** Writes the disk into a folder of its own. Returns its path. */
export async function makeBootDisk(options: BootDiskOptions = {}): Promise<string> {
  const volume = await bootVolume(options);
  const disk = wrap(volume, options.map ?? 'apm');
  const path = join(scratch('boot-disk'), 'disk.iso');
  writeFileSync(path, options.change ? options.change(disk) : disk);
  return path;
}

async function bootVolume(options: BootDiskOptions): Promise<Buffer> {
  const { version = '10.10.5', plist = TIMEOUT_1, blockSize = 4096, caseSensitive = false, spare = 64 } = options;
  const modern = Number(version.split('.')[1]) >= 10;
  const { kernel = modern ? '/System/Library/Kernels/kernel' : '/mach_kernel' } = options;
  const all = new Map<string, Entry>();
  const add = (item: Entry) => {
    for (let i = 1; i < item.path.length; i++) {
      const folder = item.path.slice(0, i);
      if (!all.has(folder.join('/'))) all.set(folder.join('/'), entry(folder));
    }
    all.set(item.path.join('/'), item);
  };
  const file = (path: string, bytes: Uint8Array | string) =>
    entry(path.slice(1).split('/'), { data: fromBytes(Buffer.from(bytes), path) });
  for (const item of options.entries ?? []) add(item);
  const given = [...all.keys()];
  const unless = (item: Entry) => {
    const path = item.path.join('/');
    if (!given.some((other) => path === other || (path.startsWith(`${other}/`) && all.get(other)?.kind !== 'folder')))
      add(item);
  };
  const keys = `<key>ProductBuildVersion</key><string>14F27</string><key>ProductVersion</key><string>${version}</string>`;
  unless(
    file('/System/Library/CoreServices/SystemVersion.plist', `<plist version="1.0"><dict>${keys}</dict></plist>\n`),
  );
  if (plist !== null) unless(file('/Extra/org.chameleon.Boot.plist', plist));
  if (kernel !== null) unless(file(kernel, kernelBytes(options.kernelSize)));
  const empty = await emptyVolume({ name: 'Boot Disk', created: SOME_DATE, blockSize, caseSensitive });
  const staged = new StagedVolume(await HfsVolume.open(empty), { now: SOME_DATE });
  for (const item of all.values()) await staged.put(item);
  const fragmentForTests = (path: Path) => options.pieces?.(`/${path.join('/')}`);
  const uuidSeed = Buffer.from('BootDisk');
  return Buffer.from(
    await materialize(await planVolume(staged, { now: SOME_DATE, reserveBlocks: spare, uuidSeed, fragmentForTests })),
  );
}

/** The volume at sector 64 behind a map made here by hand. */
function wrap(volume: Buffer, map: BootDiskOptions['map']): Buffer {
  if (map === 'none') return volume;
  const front = Buffer.alloc(64 * SECTOR);
  if (map === 'gpt') writeGpt(front, volume.length / SECTOR);
  else writeApm(front, volume.length, map === 'apm2048' ? 2048 : 512);
  return Buffer.concat([front, volume]);
}

function writeApm(front: Buffer, size: number, unit: number): void {
  front.write('ER', 0);
  front.writeUInt16BE(unit, 2);
  front.writeUInt32BE((front.length + size) / unit, 4);
  const first = front.length / unit;
  const entries = [
    ['Apple', 'Apple_partition_map', 1, first - 1],
    ['disk image', 'Apple_HFS', first, size / unit],
  ] as const;
  entries.forEach(([name, type, start, count], i) => {
    const at = (i + 1) * unit;
    front.write('PM', at);
    front.writeUInt32BE(entries.length, at + 4);
    front.writeUInt32BE(start, at + 8);
    front.writeUInt32BE(count, at + 12);
    front.write(name, at + 16);
    front.write(type, at + 48);
  });
}

/** Protective record, header and table at the front; no copy at the end, for which this loader does not look. */
function writeGpt(front: Buffer, sectors: number): void {
  front[446 + 4] = 0xee;
  front.writeUInt32LE(1, 446 + 8);
  front.writeUInt16LE(0xaa55, 510);
  const table = front.subarray(2 * SECTOR, 34 * SECTOR);
  table.write('005346480000aa11aa1100306543ecac', 0, 'hex');
  table.write('000102030405060708090a0b0c0d0e0f', 16, 'hex');
  table.writeBigUInt64LE(64n, 32);
  table.writeBigUInt64LE(BigInt(64 + sectors - 1), 40);
  const header = front.subarray(SECTOR, SECTOR + 92);
  header.write('EFI PART', 0);
  header.writeUInt32LE(0x1_0000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
}
