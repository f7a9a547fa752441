import type { ByteSource } from '../../bytes.js';
import { FORK_DATA_SIZE } from '../fork-data.js';
import {
  ALTERNATE_HEADER_FROM_END,
  Cnid,
  decodeVolumeHeader,
  VOLUME_HEADER_SIZE,
  VolumeAttribute,
  type VolumeHeader,
} from '../header.js';
import { readJournal } from '../journal.js';
import type { Claims } from './claims.js';
import { checkUnusedExtents } from './context.js';
import type { Findings } from './finding.js';

const HEADER = 'volume header';
/** Where the five forks begin in a header, in the order of FORKS. */
const FORKS_AT = 112;

/** Fields that Apple's systems write to both headers; counts and dates they write to the primary alone while in use. */
const FIXED = ['signature', 'version', 'created', 'blockSize', 'totalBlocks', 'journalInfoBlock'] as const;
const FORKS = ['allocationFile', 'extentsFile', 'catalogFile', 'attributesFile', 'startupFile'] as const;

/** Bytes. */
const MAX_FORK_CLUMP = 0x10_0000;
const COUNTS = ['attributes', 'fileCount', 'folderCount', 'freeBlocks', 'nextCatalogID'] as const;

/** What the primary header says by itself, and against the size of the partition. */
export function checkHeader(source: ByteSource, header: VolumeHeader, findings: Findings): void {
  const { attributes, blockSize, totalBlocks } = header;
  findings.equal(HEADER, 'totalBlocks', Math.floor(source.size / blockSize), totalBlocks);
  if ((attributes & VolumeAttribute.unmounted) === 0)
    findings.error(HEADER, 'attributes', 'unmounted cleanly (bit 8)', 'not');
  if ((attributes & VolumeAttribute.inconsistent) !== 0)
    findings.error(HEADER, 'attributes', 'bit 14 clear', 'inconsistent');
  if (header.nextAllocation >= totalBlocks)
    findings.error(HEADER, 'nextAllocation', `below ${totalBlocks}`, header.nextAllocation);
  if (header.nextCatalogID < Cnid.firstUser)
    findings.error(HEADER, 'nextCatalogID', 'at least 16', header.nextCatalogID);
  checkClumps(header, findings);
}

/** Clump sizes as Apple's fsck wants them. */
function checkClumps(header: VolumeHeader, findings: Findings): void {
  const { blockSize, totalBlocks } = header;
  const fits = (size: number, most: number) => size % blockSize === 0 && size <= most;
  const most = Math.floor(totalBlocks / 4) * blockSize;
  for (const name of FORKS) {
    const { clumpSize, totalBlocks: blocks, extents } = header[name];
    const attributes = name === 'attributesFile';
    if (blocks === 0 || (fits(clumpSize, most) && (clumpSize > 0 || !attributes))) continue;
    // Too large for the volume, but what the file had at first.
    const first = attributes ? header.catalogFile.clumpSize : (extents[0]?.blockCount ?? 0) * blockSize;
    if (clumpSize === first) continue;
    // On small volumes Apple's own systems make this one too large.
    const severity = attributes && clumpSize > most ? 'warning' : 'error';
    findings.add(severity, HEADER, `${name}.clumpSize`, `a multiple of ${blockSize} of at most ${most}`, clumpSize);
  }
  // Where blocks are larger than the most a clump may be, one block is the clump.
  const largest = Math.max(MAX_FORK_CLUMP, blockSize);
  for (const name of ['resourceClumpSize', 'dataClumpSize'] as const) {
    if (header[name] === 0 || !fits(header[name], largest)) {
      findings.error(HEADER, name, `a multiple of ${blockSize} of at most ${largest}`, header[name]);
    }
  }
}

/** A header's five forks: nothing behind the first empty extent. `bytes` is the header as stored, `of` says which one. */
export function checkHeaderForks(bytes: Uint8Array, of: string, findings: Findings): void {
  for (const [i, name] of FORKS.entries())
    checkUnusedExtents(findings, bytes, FORKS_AT + i * FORK_DATA_SIZE + 16, () => `${of}${name}`);
}

/** The alternate header, 1024 bytes before the end: there, and of the same volume. */
export async function checkAlternate(source: ByteSource, header: VolumeHeader, findings: Findings): Promise<void> {
  const at = source.size - ALTERNATE_HEADER_FROM_END;
  const structure = 'alternate volume header';
  try {
    const bytes = await source.read(at, VOLUME_HEADER_SIZE);
    const alternate = decodeVolumeHeader(bytes, { file: source.name, structure, offset: at });
    checkHeaderForks(bytes, `${structure}, `, findings);
    for (const name of FIXED) {
      if (alternate[name] !== header[name])
        findings.error(structure, name, `${header[name]}, as in the first`, `${alternate[name]}`);
    }
    for (const name of FORKS) {
      const [first, second] = [JSON.stringify(header[name]), JSON.stringify(alternate[name])];
      if (first !== second) findings.error(structure, name, `${first}, as in the first`, second);
    }
    // Apple's systems leave these as they were when a special file last changed: common, and no fault.
    const stale = COUNTS.filter((name) => alternate[name] !== header[name]);
    if (stale.length > 0) {
      const [expected, found] = [header, alternate].map((of) => stale.map((name) => `${name} ${of[name]}`).join(', '));
      findings.warn(structure, `byte ${at}`, `${expected}, as in the first`, found);
    }
  } catch (error) {
    findings.fault(error);
  }
}

/** Blocks no file owns: those of bytes 0 to 1535, and the last 1024 bytes. */
export function claimHeaders(header: VolumeHeader, claims: Claims): void {
  const { blockSize, totalBlocks } = header;
  const atStart = Math.min(totalBlocks, Math.ceil(1536 / blockSize));
  const atEnd = blockSize === 512 ? 2 : 1;
  claims.claim({ startBlock: 0, blockCount: atStart }, () => HEADER);
  if (totalBlocks >= atStart + atEnd) {
    claims.claim({ startBlock: totalBlocks - atEnd, blockCount: atEnd }, () => 'alternate volume header');
  }
}

/** A journal that still holds something would have to be replayed first. */
export async function checkJournal(source: ByteSource, header: VolumeHeader, findings: Findings): Promise<void> {
  try {
    const journal = await readJournal(source, header);
    if (journal.state === 'dirty') {
      findings.error(
        'journal',
        `byte ${journal.offset}`,
        'an empty journal',
        `start ${journal.start}, end ${journal.end}`,
      );
    }
  } catch (error) {
    findings.fault(error);
  }
}
