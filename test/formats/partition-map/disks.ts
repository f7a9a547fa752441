import { type ByteSource, fromBytes, slice } from '../../../src/formats/bytes.js';
import type { DiskLayout } from '../../../src/formats/partition-map/index.js';
import { fixture, openFixture } from '../udif/fixtures.js';

export const DISK_GUID = '73EB974C-13DD-4BCC-805D-5D351C68D1B8';
export const PARTITION_GUID = '1BAF5247-0086-4AA6-BC96-6CD55D4A35F9';

/** The disk a layout stands for. `before`: the old disk, where it is a regrown one. The volume is filled with 0x5A. */
export function assemble(layout: DiskLayout, before?: Uint8Array): Uint8Array {
  const disk = new Uint8Array(layout.totalSectors * 512);
  const start = layout.volumeFirstSector * 512;
  const end = start + layout.volumeSectors * 512;
  if (before) disk.set(before.subarray(0, start));
  disk.fill(0x5a, start, end);
  let last = 0;
  for (const { offset, bytes } of layout.extents) {
    if (offset < last) throw new Error('extents out of order');
    last = offset + bytes.length;
    if (last > disk.length || (offset < end && last > start))
      throw new Error(`extent ${offset} to ${last} is misplaced`);
    disk.set(bytes, offset);
  }
  return disk;
}

/** A volume of `sectors` that says what it is at byte 1024. */
export function volume(sectors: number, signature: string): Uint8Array {
  const bytes = new Uint8Array(sectors * 512);
  bytes.set(new TextEncoder().encode(signature), 1024);
  return bytes;
}

/** A real disk in memory. */
export async function wholeDisk(name: string): Promise<Uint8Array> {
  const source: ByteSource = name.endsWith('.dmg') ? await openFixture(name) : fixture(name);
  return Uint8Array.from(await source.read(0, source.size));
}

export const source = (bytes: Uint8Array): ByteSource => fromBytes(bytes, 'disk.iso');
export const part = (bytes: Uint8Array, from: number, sectors: number) =>
  slice(source(bytes), from * 512, sectors * 512);
