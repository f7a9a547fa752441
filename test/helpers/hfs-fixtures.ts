import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ByteSource, fromBytes } from '../../src/formats/bytes.js';
import { openDisk, openVolume } from '../../src/formats/disk.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';

const FOLDER = join(import.meta.dirname, '../fixtures');
const read = (name: string) => readFileSync(join(FOLDER, name));

/** Real HFS+ volumes made by Apple's tools, see test/fixtures/LICENCES.md. */
export const HFS_FIXTURES: Readonly<Record<string, () => Promise<HfsVolume>>> = {
  'dfvfs-hfsplus.raw': bare('udif/dfvfs-hfsplus.raw.gz'),
  'goafs-hfsplus.dmg': bare('udif/goafs-hfsplus.dmg.gz'),
  'ronin-hfsplus-volume.bin': bare('hfsplus/ronin-hfsplus-volume.bin.gz'),
  'ronin-hfsplus-nested.bin': bare('hfsplus/ronin-hfsplus-nested.bin.gz'),
  'hfsplusrs-small.img': bare('hfsplus/hfsplusrs-small.img.gz'),
  'hfsplusrs-many2.img': bare('hfsplus/hfsplusrs-many2.img.gz'),
  'dfvfs-apm.dmg': inDisk('udif/dfvfs-apm.dmg.gz'),
  'dfvfs-hfsplus_zlib.dmg': inDisk('udif/dfvfs-hfsplus_zlib.dmg'),
  'keramics-zlib.dmg': inDisk('udif/keramics-zlib.dmg'),
  'ronin-zlib.dmg': inDisk('udif/ronin-zlib.dmg'),
  'sparkle-app.dmg': inDisk('udif/sparkle-app.dmg'),
  'brew-container.dmg (journaled)': inDisk('udif/brew-container.dmg'),
  'udif-gpt.dmg (journaled)': inDisk('udif/udif-gpt.dmg'),
  'udif-encrypted.dmg (journaled)': inDisk('udif/udif-encrypted.dmg'),
  'udif-rawdisk.dmg (journaled)': inDisk('udif/udif-rawdisk.dmg'),
  'udif-zlib-compressed.dmg (journaled)': inDisk('udif/udif-zlib-compressed.dmg'),
};

function source(name: string): ByteSource {
  const stored = read(name);
  return fromBytes(name.endsWith('.gz') ? gunzipSync(stored) : stored, name);
}

function bare(name: string) {
  return () => HfsVolume.open(source(name));
}

function inDisk(name: string) {
  return async () => (await openVolume(await openDisk(source(name)))).volume;
}
