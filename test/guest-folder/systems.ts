import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBytes } from '../../src/formats/bytes.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import { inMap } from '../guest-disk/disks.js';
import { entry } from '../helpers/entries.js';
import { scratch } from '../helpers/judges/tool.js';
import { materialize } from '../helpers/materialize.js';

export interface ToySystem {
  readonly name?: string;
  /** ProductVersion; null: no SystemVersion.plist. */
  readonly version?: string | null;
  readonly kernel?: boolean;
  readonly blessed?: boolean;
  /** As a guest leaves it that was shut down. */
  readonly unmounted?: boolean;
  /** With Chameleon's plist. */
  readonly plist?: boolean;
}

const NOW = 3_600_000_000;
const CORE_SERVICES = ['System', 'Library', 'CoreServices'];
/** A Mach-O's head: MH_MAGIC_64, x86_64, MH_EXECUTE. */
const KERNEL = Buffer.alloc(4096);
KERNEL.writeUInt32LE(0xfeed_facf, 0);
KERNEL.writeUInt32LE(0x0100_0007, 4);
KERNEL.writeUInt32LE(2, 12);
/** In the volume header (TN1150): attributes, and finderInfo's first word. */
const HEADERS = (size: number) => [1024, size - 1024];
const ATTRIBUTES = 4;
const FINDER_INFO = 80;
const UNMOUNTED = 0x100;

/** A bare volume as an installer leaves it, or as it is half way. */
export async function systemVolume(toy: ToySystem = {}): Promise<Buffer> {
  const {
    name = 'Macintosh HD',
    version = '10.10.5',
    kernel = true,
    blessed = true,
    unmounted = true,
    plist = false,
  } = toy;
  const staged = new StagedVolume(await HfsVolume.open(await emptyVolume({ name, created: NOW, journaled: true })), {
    now: NOW,
  });
  for (let i = 1; i <= CORE_SERVICES.length; i++) await staged.put(entry(CORE_SERVICES.slice(0, i)));
  if (version !== null) {
    const text = `<plist version="1.0"><dict><key>ProductVersion</key><string>${version}</string><key>ProductBuildVersion</key><string>14F27</string></dict></plist>`;
    await staged.put(entry([...CORE_SERVICES, 'SystemVersion.plist'], { text }));
  }
  await staged.put(entry(['System', 'Library', 'Kernels']));
  if (kernel) {
    await staged.put(entry(['System', 'Library', 'Kernels', 'kernel'], { data: fromBytes(KERNEL, 'kernel') }));
    await staged.put(entry(['mach_kernel'], { data: fromBytes(KERNEL, 'mach_kernel') }));
  }
  if (plist) {
    await staged.put(entry(['Extra']));
    await staged.put(entry(['Extra', 'org.chameleon.Boot.plist'], { text: '<plist/>' }));
  }
  const volume = await materialize(await planVolume(staged, { now: NOW, reserveBlocks: 200 }));
  const folder = await (await HfsVolume.open(fromBytes(volume, 'volume'))).lookup(CORE_SERVICES);
  for (const at of HEADERS(volume.length)) {
    if (blessed) volume.writeUInt32BE(folder!.record.cnid, at + FINDER_INFO);
    if (!unmounted) volume.writeUInt32BE((volume.readUInt32BE(at + ATTRIBUTES) & ~UNMOUNTED) >>> 0, at + ATTRIBUTES);
  }
  return volume;
}

/** The same in a disk with Apple's GPT. */
export async function systemDisk(toy: ToySystem = {}): Promise<Buffer> {
  return inMap(await systemVolume(toy), 'gpt');
}

/** A folder for $PATH with a qemu-img that finds nothing wrong with any raw disk, and takes no time for it. */
export function quickQemuImg(): string {
  const folder = scratch('bin');
  writeFileSync(join(folder, 'qemu-img'), '#!/bin/sh\necho {}\n', { mode: 0o755 });
  return folder;
}
