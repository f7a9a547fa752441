import type { ByteSource } from './bytes.js';
import {
  CHUNKLIST,
  type Chunklist,
  ChunkVerifier,
  parseChunklist,
  type SignatureState,
  verifySignature,
} from './chunklist.js';
import { placedFile } from './disk-packages.js';
import type { Path } from './entry.js';
import type { HfsVolume } from './hfsplus/volume.js';
import type { HfsPartition } from './partition-map/index.js';
import type { Placed, Proof } from './proofs.js';
import { readWhole } from './whole.js';

const IMAGE = 'BaseSystem.dmg';
const LIST = 'BaseSystem.chunklist';

/** Media of 10.9.5 that install have both in one place or the other (measured). */
const FOLDERS: readonly Path[] = [[], ['System', 'Installation']];

/** BaseSystem.dmg and its chunklist where an installer's disk has them; what is missing is undefined. */
export interface BaseSystem {
  readonly folder: Path;
  readonly image: ByteSource | undefined;
  readonly chunklist: ByteSource | undefined;
}

export async function findBaseSystem(volume: Pick<HfsVolume, 'file'>): Promise<BaseSystem> {
  const found: BaseSystem[] = [];
  for (const folder of FOLDERS) {
    const [image, chunklist] = [await volume.file([...folder, IMAGE]), await volume.file([...folder, LIST])];
    found.push({ folder, image, chunklist });
  }
  return found.find(({ image }) => image) ?? found.find(({ chunklist }) => chunklist) ?? found[0]!;
}

export const imagePath = ({ folder }: BaseSystem): Path => [...folder, IMAGE];
export const listPath = ({ folder }: BaseSystem): Path => [...folder, LIST];

/** The chunklist, and who vouches for it. FormatError where it is none. */
export async function readChunklist(source: ByteSource): Promise<{ list: Chunklist; signature: SignatureState }> {
  const list = parseChunklist(await readWhole(source, CHUNKLIST), source.name);
  return { list, signature: verifySignature(list) };
}

const SIGNED: Readonly<Record<SignatureState, string>> = {
  valid: 'signed by Apple',
  absent: 'unsigned',
  unknown: 'signed by another key',
  invalid: 'badly signed',
};

/** Compares an image with its chunklist. */
export function proveImage(list: Chunklist, signature: SignatureState, image: string): Proof {
  const verifier = new ChunkVerifier(list, image);
  return {
    update: (bytes) => verifier.update(bytes),
    finish: () => {
      verifier.finish();
      return `all ${list.chunks.length} chunks match the chunklist (${SIGNED[signature]})`;
    },
  };
}

/** BaseSystem.dmg of a disk, with what will prove it; undefined where it or its chunklist is missing. */
export async function baseSystemOnDisk(volume: HfsVolume, partition: HfsPartition): Promise<Placed | undefined> {
  const found = await findBaseSystem(volume);
  if (!found.image || !found.chunklist) return undefined;
  const { list, signature } = await readChunklist(found.chunklist);
  return placedFile(volume, partition, imagePath(found), proveImage(list, signature, found.image.name));
}
