import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ByteSource, fromBytes } from '../../../src/formats/bytes.js';
import { openUdif } from '../../../src/formats/udif/open.js';
import truth from './truth.json' with { type: 'json' };

const FIXTURES = join(import.meta.dirname, '../../fixtures');

/** A fixture file, unpacked where it is gzipped. */
export function fixture(path: string): Uint8Array {
  const bytes = readFileSync(join(FIXTURES, path));
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

/** Where the volumes are: file and first byte. The volume ends where its header says, unless the file does. */
const PLACES = {
  keramics: ['udif/keramics-zlib.dmg', 20480],
  dfvfsZlib: ['udif/dfvfs-hfsplus_zlib.dmg', 20480],
  dfvfsRaw: ['udif/dfvfs-hfsplus.raw.gz', 0],
  dfvfsApm: ['udif/dfvfs-apm.dmg.gz', 32768],
  goafs: ['udif/goafs-hfsplus.dmg.gz', 0],
  small: ['hfsplus/hfsplusrs-small.img.gz', 0],
  roninNested: ['hfsplus/ronin-hfsplus-nested.bin.gz', 0],
  ronin: ['hfsplus/ronin-hfsplus-volume.bin.gz', 0],
  brew: ['udif/brew-container.dmg', 20480],
  udifGpt: ['udif/udif-gpt.dmg', 0],
  udifZlib: ['udif/udif-zlib-compressed.dmg', 0],
  udifRaw: ['udif/udif-rawdisk.dmg', 0],
  udifEncrypted: ['udif/udif-encrypted.dmg', 0],
  sparkle: ['udif/sparkle-app.dmg', 32768],
  blank: ['hfsplus/hfsplusrs-blank.img.gz', 0],
  many: ['hfsplus/hfsplusrs-many2.img.gz', 0],
  roninZlib: ['udif/ronin-zlib.dmg', 20480],
} as const;

export type VolumeName = keyof typeof PLACES;
export const VOLUMES = Object.keys(PLACES) as VolumeName[];

/** What is in the volumes that others have listed (fixtures README): kind, path, CNID, mode, data, more. */
export const TRUTH = truth as unknown as Record<
  VolumeName,
  { readonly volume: string; readonly rows: readonly [string, string, number, string, string, string][] } | undefined
>;

const kept = new Map<VolumeName, Promise<Uint8Array>>();

/** The bytes of a volume, a copy that may be damaged. */
export async function volumeBytes(name: VolumeName): Promise<Uint8Array> {
  let bytes = kept.get(name);
  if (!bytes) {
    bytes = load(name);
    kept.set(name, bytes);
  }
  return new Uint8Array(await bytes);
}

async function load(name: VolumeName): Promise<Uint8Array> {
  const [file, start] = PLACES[name];
  const bytes = fromBytes(fixture(file), file);
  const disk = (await openUdif(bytes)) ?? bytes;
  const view = new DataView(new Uint8Array(await disk.read(start + 1024, 512)).buffer);
  return new Uint8Array(await disk.read(start, view.getUint32(40) * view.getUint32(44)));
}

/** A volume as a source that can be read. */
export async function volumeSource(name: VolumeName): Promise<ByteSource> {
  return fromBytes(await volumeBytes(name), name);
}
