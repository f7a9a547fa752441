import { SourceError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import {
  CHUNKLIST,
  type Chunklist,
  parseChunklist,
  type SignatureState,
  verifySignature,
} from '../formats/chunklist.js';
import { openUdif, verifyChecksums } from '../formats/udif/index.js';
import { readWhole } from '../formats/whole.js';
import { openHostFile } from '../host/host-file.js';
import { digestInBackground } from '../image/digest.js';
import { aboutChecksum, baseSystems, installers } from '../known/index.js';
import { unwrap } from '../source/unwrap.js';

/** What a file was compared with while it came. */
export interface ChunklistUsed {
  readonly chunklist: Chunklist;
  readonly signature: SignatureState;
}

const SIGNED: Readonly<Record<SignatureState, string>> = {
  valid: 'which is signed by Apple',
  absent: 'which nobody signed: that guards against accidents, not against forgery',
  unknown: "which is signed by somebody else's key",
  invalid: 'which was changed',
};

/** Proves a whole file as far as it can be, in sentences; SourceError where a proof fails. */
export async function proofOf(
  path: string,
  name: string,
  list: ChunklistUsed | undefined,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<string[]> {
  const file = await openHostFile(path, { name, signal });
  try {
    if (list) {
      const { chunklist, signature } = list;
      const chunks = `All ${chunklist.chunks.length} chunks are as in ${chunklist.name}, ${SIGNED[signature]}.`;
      return [chunks, ...(await lookedUp(file, name, signal, note))];
    }
    if (/\.chunklist$/.test(name)) {
      const signature = verifySignature(parseChunklist(await readWhole(file, CHUNKLIST), name));
      return [`A chunklist ${SIGNED[signature]}.`];
    }
    const image = /\.dmg$/i.test(name) ? await openUdif(file) : undefined;
    const sums = () => lookedUp(file, name, signal, note);
    if (!image) return ['Its size is right; there is nothing to prove its bytes with.', ...(await sums())];
    note('checking the checksums in it');
    const { state } = await verifyChecksums(image, { dataFork: false, signal });
    if (state === 'invalid') {
      throw new SourceError(`${name}: its own checksums say that it is damaged.`, {
        hint: 'Remove it, where it is still there, and type the same again.',
      });
    }
    return [
      state === 'valid'
        ? 'All checksums in the image are right. Apple publishes no sum of it: build proves what is inside.'
        : 'The image states no checksums.',
      ...(await sums()),
    ];
  } finally {
    await file.close();
  }
}

/** What the published checksums say of BaseSystem.dmg, or of the InstallESD.dmg in a file; nothing where there is neither. */
async function lookedUp(
  file: ByteSource,
  name: string,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<readonly string[]> {
  const isBase = name === 'BaseSystem.dmg';
  const image = isBase ? file : await installerImage(file);
  if (!image) return [];
  note('looking it up among the published checksums');
  const sha1 = await digestInBackground(image, signal);
  const { notes } = aboutChecksum(sha1, isBase ? baseSystems : installers);
  return [`SHA-1 of ${isBase ? name : 'InstallESD.dmg'}: ${sha1}.`, ...notes];
}

async function installerImage(file: ByteSource): Promise<ByteSource | undefined> {
  try {
    return (await unwrap(file, file.name)).image;
  } catch (error) {
    // Any file may be downloaded.
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
