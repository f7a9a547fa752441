import type { Job } from '../core/step.js';
import { SourceError } from '../errors.js';
import { type ByteSource, observed } from '../formats/bytes.js';
import { CHUNKLIST, type Chunklist, ChunkVerifier, parseChunklist, verifySignature } from '../formats/chunklist.js';
import { readWhole } from '../formats/whole.js';
import type { Entry, Tree } from '../image/types.js';

const SIGNATURE_WORDS = {
  valid: 'signed by Apple',
  absent: 'not signed, only hashed',
  unknown: "signed by somebody else's key",
  invalid: 'with a signature that does not match',
} as const;

/**
 * The same tree, but every file copied from it is checked against the chunklist while its bytes go by, at no second read. A
 * chunk that differs ends the copying with a SourceError.
 */
export function watchChunks(job: Job, tree: Tree, chunklist: ByteSource): Tree {
  return {
    name: tree.name,
    async *walk(from) {
      const bytes = await readWhole(chunklist, CHUNKLIST);
      const list = parseChunklist(bytes, chunklist.name);
      const signature = verifySignature(list);
      job.record('chunklist', { signature, chunks: list.chunks.length });
      if (signature === 'invalid' || (job.options.requireSignature && signature !== 'valid')) {
        throw new SourceError(
          `${chunklist.name}: expected a chunklist signed by Apple, found one ${SIGNATURE_WORDS[signature]}.`,
          {
            hint:
              signature === 'invalid'
                ? 'The download is damaged or was changed: get the installer again.'
                : 'Without --require-signature this is only said, not refused.',
          },
        );
      }
      job.note(`${list.chunks.length} chunks, ${SIGNATURE_WORDS[signature]}`);
      for await (const entry of tree.walk(from)) yield watch(entry, list);
    },
    close: () => tree.close(),
  };
}

function watch(entry: Entry, list: Chunklist): Entry {
  const data = entry.data;
  if (!data) return entry;
  const verifier = new ChunkVerifier(list, data.name);
  let left = data.size;
  const check = (bytes: Uint8Array) => {
    verifier.update(bytes);
    left -= bytes.length;
    if (left === 0) verifier.finish();
  };
  return { ...entry, data: observed(data, check) };
}
