import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import type { Digest, NewDigest } from '../digest.js';
import type { Proof } from '../proofs.js';
import { RangeFeed, type Wanted } from '../range-feed.js';
import { openXar, type XarArchive } from './archive.js';
import { Check } from './check.js';
import type { XarMember } from './toc.js';

/** Most members that may share a byte: each is digested by itself. Those of one place, hard links, count as one. */
const MOST_SHARED = 8;
/** A member of less, bytes, is hashed here: to ask somebody else takes longer. */
const SMALL = 256 << 10;

/**
 * Proves an archive by its own checksums while its bytes go by front to back: every member's, and of the table of contents that
 * it is what its checksum, and its signature where that can be checked, say. FormatError when the table is wrong already. `digest`:
 * who hashes members that are not small.
 */
export async function proveArchive(source: ByteSource, digest?: NewDigest): Promise<Proof> {
  const archive = await openXar(source);
  const signature = await archive.signatureState();
  const members = distinct(archive);
  refuseHeaps(archive, members);
  const checks: { readonly check: Check; readonly elsewhere: () => Digest | undefined }[] = [];
  const wanted: Wanted[] = [];
  let without = 0;
  for (const member of members) {
    const stored = member.encoding === 'octet-stream' ? member.extractedChecksum : undefined;
    const expected = member.archivedChecksum ?? stored;
    if (!expected) {
      without++;
      continue;
    }
    const check = new Check(archive.name, member, member.archivedChecksum ? 'archived' : 'extracted', expected);
    let begun: Digest | undefined;
    const see = (bytes: Uint8Array) => {
      if (digest && member.length >= SMALL) begun ??= digest(expected.digest);
      (begun ?? check).update(bytes);
    };
    checks.push({ check, elsewhere: () => begun });
    wanted.push({ offset: archive.heap + member.offset, length: member.length, see });
  }
  const feed = new RangeFeed(wanted);
  return {
    update: (bytes) => feed.update(bytes),
    finish: async () => {
      for (const { check, elsewhere } of checks) {
        const digest = elsewhere();
        if (digest) check.compare(await digest.hex(), archive.heap);
        else check.finish(archive.heap);
      }
      const parts = [`${checks.length} ${checks.length === 1 ? 'member' : 'members'}`];
      if (without > 0) parts.push(`${without} without a checksum`);
      if (signature !== undefined) parts.push(`the signature ${signature}`);
      return parts.join(', ');
    },
  };
}

/** Members with data, each place once. */
function distinct(archive: XarArchive): XarMember[] {
  const places = new Map<string, XarMember>();
  for (const member of archive.members) {
    const { offset, length, archivedChecksum, extractedChecksum } = member;
    if (length > 0) places.set([offset, length, archivedChecksum?.hex, extractedChecksum?.hex].join(), member);
  }
  return [...places.values()].sort((a, b) => a.offset - b.offset);
}

/** What would cost more than reading the archive a few times is no package. */
function refuseHeaps(archive: XarArchive, members: readonly XarMember[]): void {
  let ends: number[] = [];
  for (const { path, offset, length } of members) {
    ends = ends.filter((end) => end > offset);
    ends.push(offset + length);
    if (ends.length <= MOST_SHARED) continue;
    throw new FormatError({
      file: archive.name,
      structure: `xar member ${path}`,
      offset: archive.heap + offset,
      expected: `at most ${MOST_SHARED} members that share a byte`,
      found: 'more',
    });
  }
}
