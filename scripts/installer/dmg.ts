import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { type Compressed, RunType, writeUdif } from '../../src/formats/udif/index.js';
import { looksSoft } from './content.js';
import { type DiskDetails, makeDisk } from './disk.js';
import { makeVolume, type VolumeDetails } from './volume.js';

/** Told what is being written and how far it is, in bytes. */
export type Report = (progress: { readonly what: string; readonly done: number; readonly total: number }) => void;

/** A disk image with one volume. */
export interface DmgDetails extends Omit<DiskDetails, 'name'> {
  readonly volume: VolumeDetails;
  /** 512-byte sectors of a run; default: Apple's up to 10.12. */
  readonly runSectors?: number;
  readonly report: Report;
}

const deflateAsync = promisify(deflate);
/** Of Apple's installer images up to 10.12; with the 8 to spare that is buffersNeeded 520. */
const RUN_SECTORS = 512;
/** Bytes to gather before the file is written to. */
const GATHER = 1 << 20;

/** Writes a UDZO image to a host file. */
export async function writeDmg(path: string, details: DmgDetails): Promise<void> {
  const file = await open(path, 'w');
  try {
    let parts: Uint8Array[] = [];
    let waiting = 0;
    const flush = async () => {
      await file.writeFile(Buffer.concat(parts));
      parts = [];
      waiting = 0;
    };
    await appendDmg(basename(path), details, async (bytes) => {
      parts.push(bytes);
      waiting += bytes.length;
      if (waiting >= GATHER) await flush();
    });
    await flush();
  } finally {
    await file.close();
  }
}

/** Makes a UDZO image front to back. */
export async function appendDmg(
  name: string,
  { volume, report, runSectors = RUN_SECTORS, ...details }: DmgDetails,
  append: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { disk, partitions } = makeDisk(await makeVolume(volume), { name, ...details });
  await writeUdif(
    {
      disk,
      partitions,
      runSectors,
      variant: details.map === 'none' ? 2 : 1,
      compress: deflatedIfUseful,
      onProgress: ({ done, total }) => report({ what: name, done, total }),
    },
    append,
  );
}

/** As zlib does it, but what looks like noise is not tried: packages are most of an installer. */
async function deflatedIfUseful(plain: Uint8Array): Promise<Compressed> {
  const noise = !looksSoft(plain);
  return noise ? { type: RunType.raw, bytes: plain } : { type: RunType.zlib, bytes: await deflateAsync(plain) };
}
