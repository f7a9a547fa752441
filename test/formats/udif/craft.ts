import { asArray, asDict, buildPlist, type PlistValue, parsePlist, plistGet } from '../../../src/plist/plist.js';
import { fixtureBytes } from './fixtures.js';

/** A run as a table states it. */
export interface CraftedRun {
  readonly type: number;
  readonly comment?: number;
  readonly sector: number | bigint;
  readonly sectors: number | bigint;
  readonly offset: number | bigint;
  readonly length: number | bigint;
}

/** A blkx table with whatever numbers. */
export function craftTable(
  firstSector: number,
  sectorCount: number,
  runs: readonly CraftedRun[],
  dataOffset = 0,
): Uint8Array {
  const bytes = new Uint8Array(204 + runs.length * 40);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('mish'));
  view.setUint32(4, 1);
  view.setBigUint64(8, BigInt(firstSector));
  view.setBigUint64(16, BigInt(sectorCount));
  view.setBigUint64(24, BigInt(dataOffset));
  view.setUint32(200, runs.length);
  for (const [i, run] of runs.entries()) {
    view.setUint32(204 + i * 40, run.type);
    view.setUint32(208 + i * 40, run.comment ?? 0);
    for (const [k, value] of [run.sector, run.sectors, run.offset, run.length].entries()) {
      view.setBigUint64(212 + i * 40 + k * 8, BigInt(value));
    }
  }
  return bytes;
}

/** A whole image around a data fork: no checksums, whatever tables. `before` bytes lie in front of the fork. */
export function craftImage(
  fork: Uint8Array,
  tables: readonly Uint8Array[],
  options: { before?: Uint8Array; kolyFirst?: boolean; sectorCount?: number; koly?: (view: DataView) => void } = {},
): Uint8Array {
  const blkx = tables.map((Data, i) => ({ Attributes: '0x0050', Data, ID: `${i}`, Name: `table ${i}` }));
  return assembleImage(fork, buildPlist({ 'resource-fork': { blkx } }), options);
}

function assembleImage(
  fork: Uint8Array,
  xml: string,
  options: { before?: Uint8Array; kolyFirst?: boolean; sectorCount?: number; koly?: (view: DataView) => void },
): Uint8Array {
  const koly = new Uint8Array(512);
  const view = new DataView(koly.buffer);
  const before = options.before ?? new Uint8Array(0);
  const text = new TextEncoder().encode(xml);
  const start = (options.kolyFirst ? 512 : 0) + before.length;
  koly.set(new TextEncoder().encode('koly'));
  view.setUint32(4, 4);
  view.setUint32(8, 512);
  view.setBigUint64(24, BigInt(start));
  view.setBigUint64(32, BigInt(fork.length));
  view.setBigUint64(216, BigInt(start + fork.length));
  view.setBigUint64(224, BigInt(text.length));
  view.setUint32(488, 1);
  view.setBigUint64(492, BigInt(options.sectorCount ?? 0));
  options.koly?.(view);
  const body = [before, fork, text];
  return Uint8Array.from(Buffer.concat(options.kolyFirst ? [koly, ...body] : [...body, koly]));
}

/** A real image with the tables of its property list changed in place, everything else as it was. */
export function withTables(name: string, change: (tables: readonly DataView[]) => void): Uint8Array {
  const bytes = fixtureBytes(name);
  const view = new DataView(bytes.buffer, bytes.length - 512);
  const at = Number(view.getBigUint64(216));
  const plist = parsePlist(bytes.subarray(at, at + Number(view.getBigUint64(224))), name);
  const resources = asDict(plistGet(plist, 'resource-fork'))!;
  const blkx = asArray(plistGet(resources, 'blkx'))!.map((entry): { [key: string]: PlistValue } => ({
    ...asDict(entry)!,
    Data: Uint8Array.from(plistGet(entry, 'Data') as Uint8Array),
  }));
  change(blkx.map(({ Data }) => new DataView((Data as Uint8Array).buffer as ArrayBuffer)));
  const xml = new TextEncoder().encode(buildPlist({ 'resource-fork': { ...resources, blkx } }));
  const koly = bytes.slice(bytes.length - 512);
  new DataView(koly.buffer).setBigUint64(224, BigInt(xml.length));
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), xml, koly]));
}
