import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBytes } from '../../src/formats/bytes.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { planApm, planGpt } from '../../src/formats/partition-map/index.js';
import { entry, noise } from '../helpers/entries.js';
import { find } from '../helpers/judges/needs.js';
import { materialize } from '../helpers/materialize.js';

export type MapKind = 'apm' | 'gpt' | 'none';
export const NOW = 3_600_000_000;
/** Blocks of 4096 bytes that stay free. */
const FREE = 200;

export interface GuestOptions {
  readonly caseSensitive?: boolean;
  readonly journaled?: boolean;
  readonly extra?: Readonly<Record<string, string>>;
  readonly extraName?: string;
  readonly system?: string;
  readonly freeBlocks?: number;
}

/** A guest's volume with files, folders, links, attributes and a kext, and room to write. */
export async function guestVolume(options: GuestOptions = {}): Promise<Buffer> {
  const { caseSensitive = false, journaled = false, extra, extraName = 'Extra', system = '10.7.5' } = options;
  const base = await emptyVolume({ name: 'Guest', created: NOW, caseSensitive, journaled });
  const staged = new StagedVolume(await HfsVolume.open(base), { now: NOW });
  const folder = (...path: string[]) => staged.put(entry(path));
  const file = (path: string[], text: string) => staged.put(entry(path, { text }));
  await folder('Users');
  await file(['Users', 'notes.txt'], 'notes');
  await staged.put(entry(['Users', 'big'], { data: fromBytes(noise('big', 100_000), 'big') }));
  await staged.put(entry(['Users', 'link'], { kind: 'symlink', text: 'notes.txt' }));
  await staged.put(entry(['Users', 'a'], { text: 'one file', link: 1 }));
  await staged.put(entry(['Users', 'b'], { text: 'one file', link: 1 }));
  await staged.put(
    entry(['Users', 'tagged'], { text: 'x', xattrs: [{ name: 'user.note', value: fromBytes(Buffer.from('v'), 'v') }] }),
  );
  for (const path of [
    ['System'],
    ['System', 'Library'],
    ['System', 'Library', 'Extensions'],
    ['System', 'Library', 'CoreServices'],
  ])
    await folder(...path);
  await file(
    ['System', 'Library', 'CoreServices', 'SystemVersion.plist'],
    `<plist version="1.0"><dict><key>ProductVersion</key><string>${system}</string><key>ProductBuildVersion</key><string>11G63</string></dict></plist>`,
  );
  const kext = ['System', 'Library', 'Extensions', 'AppleIntelCPUPowerManagement.kext'];
  await folder(...kext);
  await folder(...kext, 'Contents');
  await file([...kext, 'Contents', 'Info.plist'], '<plist/>');
  const caches = ['System', 'Library', 'Caches'];
  for (const path of [caches, [...caches, 'com.apple.kext.caches'], [...caches, 'com.apple.kext.caches', 'Startup']])
    await folder(...path);
  await file([...caches, 'com.apple.kext.caches', 'Startup', 'kernelcache'], 'cache');
  if (extra) {
    await folder(extraName);
    for (const [name, text] of Object.entries(extra)) await file([extraName, name], text);
  }
  return materialize(await planVolume(staged, { now: NOW, reserveBlocks: options.freeBlocks ?? FREE }));
}

/** The volume in a disk with this map. */
export function inMap(volume: Buffer, map: MapKind): Buffer {
  if (map === 'none') return Buffer.from(volume);
  const volumeSectors = volume.length / 512;
  const layout =
    map === 'apm'
      ? planApm({ volumeSectors })
      : planGpt({
          volumeSectors,
          diskGuid: '73EB974C-13DD-4BCC-805D-5D351C68D1B8',
          partitionGuid: '1BAF5247-0086-4AA6-BC96-6CD55D4A35F9',
        });
  const disk = Buffer.alloc(layout.totalSectors * 512);
  volume.copy(disk, layout.volumeFirstSector * 512);
  for (const { offset, bytes } of layout.extents) disk.set(bytes, offset);
  return disk;
}

/** A disk on disk, in QEMU's format where that is wanted; `backed`: an empty overlay over it. Needs qemu-img unless raw. */
export function diskFile(folder: string, disk: Buffer, kind: 'raw' | 'qcow2' | 'backed'): string {
  const raw = join(folder, 'disk.img');
  writeFileSync(raw, disk);
  if (kind === 'raw') return raw;
  const qemuImg = (...args: string[]) => execFileSync(find('qemu-img')!, args, { cwd: folder, stdio: 'pipe' });
  const path = join(folder, 'disk.qcow2');
  if (kind === 'qcow2') qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, path);
  else qemuImg('create', '-q', '-f', 'qcow2', '-b', raw, '-F', 'raw', path);
  return path;
}

/** The sectors of an image, as a raw file. */
export function asRaw(folder: string, image: string): string {
  if (!image.endsWith('.qcow2')) return image;
  const path = join(folder, 'read.img');
  execFileSync(find('qemu-img')!, ['convert', '-f', 'qcow2', '-O', 'raw', image, path], { stdio: 'pipe' });
  return path;
}
