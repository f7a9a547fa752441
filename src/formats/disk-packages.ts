import { UserError } from '../errors.js';
import type { NewDigest } from './digest.js';
import { type Path, showPath } from './entry.js';
import { ForkType } from './hfsplus/extent-record.js';
import type { HfsVolume } from './hfsplus/volume.js';
import { type HfsPartition, SECTOR } from './partition-map/index.js';
import type { Outcome, Placed, Proof } from './proofs.js';
import { proveArchive } from './xar/index.js';

/** Where installers have their packages: on a finished ISO and on DVDs, and on InstallESD. */
const FOLDERS: readonly Path[] = [['System', 'Installation', 'Packages'], ['Packages']];

/** The packages on a disk, each with what will prove it. */
export interface DiskPackages {
  readonly placed: readonly Placed[];
  /** Archives whose table of contents is wrong already, and what cannot be read. */
  readonly broken: readonly Outcome[];
}

/** Finds the flat packages of an installer's volume; whatever a file is called, it is one by its first bytes. `digest`: see proveArchive. */
export async function packagesOnDisk(
  volume: HfsVolume,
  partition: HfsPartition,
  digest?: NewDigest,
): Promise<DiskPackages> {
  const placed: Placed[] = [];
  const broken: Outcome[] = [];
  const inodes = new Set<number>();
  for (const folder of FOLDERS) {
    for await (const { path, kind, data, link } of volume.walk(folder)) {
      if (kind !== 'file' || !data) continue;
      if (link !== undefined && inodes.has(link)) continue;
      if (link !== undefined) inodes.add(link);
      const name = showPath(path);
      try {
        if (Buffer.from(await data.read(0, Math.min(4, data.size))).toString('latin1') === 'xar!') {
          placed.push(await placedFile(volume, partition, path, await proveArchive(data, digest)));
        } else if (/\.m?pkg$/i.test(path.at(-1)!)) {
          // Of a package only its magic may be what is wrong with it.
          throw new NotAPackage(name);
        }
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        broken.push({ name, error });
      }
    }
  }
  return { placed, broken };
}

/** A package's name on something that is no archive. */
class NotAPackage extends UserError {
  constructor(path: string) {
    super(`${path}: expected a flat package, found a file that does not begin with "xar!".`, { exitCode: 5 });
  }
}

/** A file of the volume with the place of its data fork on the disk. */
export async function placedFile(
  volume: HfsVolume,
  { firstSector, wrapped }: HfsPartition,
  path: Path,
  proof: Proof,
): Promise<Placed> {
  const name = showPath(path);
  const found = (await volume.lookup(path))!;
  const record = (await volume.inode(found)) ?? found.record;
  if (record.kind !== 'file') throw new Error(`${name} is no file`);
  const { data, cnid } = record;
  const source = (await volume.file(path)) ?? (await volume.fork(cnid, data, ForkType.data, name));
  // Inside a wrapper the volume's place on the disk is another; of a compressed file the bytes are others.
  if (wrapped || source.size !== data.logicalSize) return { name, proof, source, stretches: undefined };
  const { blockSize } = volume.header;
  const stretches: { offset: number; length: number }[] = [];
  let left = data.logicalSize;
  for (const { startBlock, blockCount } of await volume.extents(cnid, data, ForkType.data)) {
    const length = Math.min(left, blockCount * blockSize);
    if (length > 0) stretches.push({ offset: firstSector * SECTOR + startBlock * blockSize, length });
    left -= length;
  }
  return { name, proof, source, stretches };
}
