import type { ByteSource } from '../../src/formats/bytes.js';
import { hfsDate, type Path } from '../../src/formats/entry.js';
import {
  ALTERNATE_HEADER_FROM_END,
  encodeVolumeHeader,
  VOLUME_HEADER_OFFSET,
  VolumeAttribute,
} from '../../src/formats/hfsplus/header.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { emptyVolume, planVolume, StagedVolume } from '../../src/formats/hfsplus/write/index.js';
import type { MadeEntry } from './entries.js';
import { patched, sourceOfPlan } from './plan-source.js';

/** What a made volume is like. */
export interface VolumeDetails {
  readonly name: string;
  readonly entries: readonly MadeEntry[];
  /** HFSX with case-sensitive names. */
  readonly caseSensitive?: boolean;
  readonly journal?: 'clean' | 'dirty';
  /** The folder and the file that firmware boots from. */
  readonly blessed?: { readonly folder: Path; readonly file: Path };
  /** 8 bytes of which systems make the volume's UUID. */
  readonly uuidSeed: Uint8Array;
}

const MADE = hfsDate(Date.UTC(2015, 7, 13, 4) / 1000);
/** Allocation blocks that stay free, as on any volume. */
const FREE_BLOCKS = 64;

/** An HFS+ volume with these entries, as a source: file contents are read when they are asked for. */
export async function makeVolume(details: VolumeDetails): Promise<ByteSource> {
  const { name, caseSensitive = false, journal } = details;
  const empty = await emptyVolume({ name, created: MADE, caseSensitive, journaled: journal !== undefined });
  const staged = new StagedVolume(await HfsVolume.open(empty), { now: MADE });
  for (const entry of details.entries) await staged.put(entry);
  const pieces = new Map(details.entries.map((entry) => [entry.path.join('\0'), entry.pieces]));
  const plan = await planVolume(staged, {
    now: MADE,
    reserveBlocks: FREE_BLOCKS,
    uuidSeed: details.uuidSeed,
    ...(details.blessed ? { bless: details.blessed } : {}),
    fragmentForTests: (path) => pieces.get(path.join('\0')),
  });
  const source = sourceOfPlan(plan, name);
  return journal === 'dirty' ? unclean(source) : source;
}

/** The volume as a crash leaves it: not unmounted, and in the journal a transaction that was never applied. */
async function unclean(source: ByteSource): Promise<ByteSource> {
  const { header } = await HfsVolume.open(source);
  const bytes = encodeVolumeHeader({ ...header, attributes: (header.attributes & ~VolumeAttribute.unmounted) >>> 0 });
  const info = await source.read(header.journalInfoBlock * header.blockSize, 52);
  const at = Number(Buffer.from(info).readBigUInt64BE(36));
  return patched(source, [
    { offset: VOLUME_HEADER_OFFSET, bytes },
    { offset: source.size - ALTERNATE_HEADER_FROM_END, bytes },
    { offset: at, bytes: dirtyJournalHeader(await source.read(at, 512)) },
  ]);
}

/** The header of an empty journal with its end moved on by one block list. Checksum as in formats.md section 11. */
function dirtyJournalHeader(clean: Uint8Array): Uint8Array {
  const header = Buffer.from(clean);
  const blockList = header.readUInt32LE(32);
  header.writeBigUInt64LE(header.readBigUInt64LE(8) + BigInt(blockList), 16);
  header.writeUInt32LE(0, 36);
  let sum = 0;
  for (const byte of header.subarray(0, 44)) sum = ((sum << 8) ^ (sum + byte)) >>> 0;
  header.writeUInt32LE(~sum >>> 0, 36);
  return header;
}
