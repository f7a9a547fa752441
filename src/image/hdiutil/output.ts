import { StepError } from '../../errors.js';
import { asArray, type PlistValue, parsePlist, plistGet, plistString } from '../../plist/plist.js';

/** One device that an attached image has: the whole disk or a slice of it. */
export interface Entity {
  /** "/dev/disk3s2" */
  readonly device: string;
  /** "Apple_HFS", or a GUID in its place; '' where hdiutil does not say. */
  readonly hint: string;
  /** The resolved path (/private/tmp/…), where the volume is mounted. */
  readonly mountPoint?: string;
  /** "hfs" */
  readonly kind?: string;
}

/** An image that is attached, whoever did it. */
export interface Attached {
  /** The image file, as hdiutil has it. */
  readonly image: string;
  readonly entities: readonly Entity[];
}

/** What `imageinfo` says, as far as it matters. Bytes. */
export interface ImageInfo {
  readonly format: string;
  readonly totalBytes?: number;
  readonly nonEmptyBytes?: number;
  /** "GUID", "Apple", "fdisk", "none"; '' where it does not say. */
  readonly scheme: string;
  readonly encrypted: boolean;
}

/** The GUID type that stands for Apple_HFS in some versions' output. */
const HFS_GUID = '48465300-0000-11AA-AA11-00306543ECAC';

/** The property list in what hdiutil printed: licences and warnings may come before it. StepError where there is none. */
export function plistIn(stdout: string, command: string): PlistValue {
  const start = stdout.indexOf('<?xml');
  if (start < 0) {
    throw new StepError(`hdiutil ${command}: expected a property list, found ${said(stdout)}.`);
  }
  const end = stdout.lastIndexOf('</plist>');
  const text = end < 0 ? stdout.slice(start) : stdout.slice(start, end + '</plist>'.length);
  return parsePlist(Buffer.from(text, 'utf8'), `hdiutil ${command}`);
}

/** The devices of `attach -plist`, in any order, with any keys missing. */
export function parseEntities(value: PlistValue | undefined): Entity[] {
  const found: Entity[] = [];
  for (const item of asArray(plistGet(value, 'system-entities')) ?? []) {
    const device = plistString(item, 'dev-entry');
    if (device === undefined) continue;
    const hint = plistString(item, 'content-hint') ?? plistString(item, 'unmapped-content-hint') ?? '';
    const mountPoint = plistString(item, 'mount-point');
    const kind = plistString(item, 'volume-kind');
    found.push({
      device,
      hint: hint.toUpperCase() === HFS_GUID ? 'Apple_HFS' : hint,
      ...(mountPoint !== undefined && mountPoint !== '' && { mountPoint }),
      ...(kind !== undefined && { kind }),
    });
  }
  return found;
}

/** The whole disk of some devices: `/dev/disk3` of `/dev/disk3s2`. Detaching it detaches all of them. */
export function wholeDisk(entities: readonly Entity[]): string | undefined {
  const disks = entities.map(({ device }) => /^(?:\/dev\/)?(disk\d+)(?:s\d+)*$/.exec(device)?.[1]);
  const name = disks.find((disk) => disk !== undefined);
  return name === undefined ? undefined : `/dev/${name}`;
}

/** The device whose HFS+ volume is mounted; the one at `mountPoint` where that is given and there. */
export function mountedVolume(entities: readonly Entity[], mountPoint?: string): Entity | undefined {
  const mounted = entities.filter((entity) => entity.mountPoint !== undefined);
  const hfs = mounted.filter(
    ({ hint, kind }) => kind === 'hfs' || (kind === undefined && hint.startsWith('Apple_HFS')),
  );
  return mounted.find((entity) => entity.mountPoint === mountPoint) ?? hfs[0] ?? mounted[0];
}

/** Everything that is attached, from `info -plist`. */
export function parseInfo(value: PlistValue): Attached[] {
  const found: Attached[] = [];
  for (const item of asArray(plistGet(value, 'images')) ?? []) {
    const image = plistString(item, 'image-path');
    if (image !== undefined) found.push({ image, entities: parseEntities(item) });
  }
  return found;
}

/** `imageinfo -plist`. Some values are booleans of one version and strings of another. */
export function parseImageInfo(value: PlistValue): ImageInfo {
  const total = numberAt(value, 'Size Information', 'Total Bytes');
  const nonEmpty = numberAt(value, 'Size Information', 'Total Non-Empty Bytes');
  return {
    format: plistString(value, 'Format') ?? '',
    ...(total !== undefined && { totalBytes: total }),
    ...(nonEmpty !== undefined && { nonEmptyBytes: nonEmpty }),
    scheme: plistString(value, 'partitions', 'partition-scheme') ?? '',
    encrypted: isYes(plistGet(value, 'Properties', 'Encrypted')),
  };
}

function numberAt(value: PlistValue, ...path: string[]): number | undefined {
  const found = plistGet(value, ...path);
  const number = typeof found === 'string' ? Number(found) : found;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function isYes(value: PlistValue | undefined): boolean {
  return value === true || (typeof value === 'string' && /^(yes|true|1)$/i.test(value));
}

/** What `resize -limits` says, in bytes. */
export interface Limits {
  readonly minimum: number;
  readonly current: number;
  readonly maximum: number;
}

/**
 * Reads `resize -limits`: the last line of exactly three non-negative integers, sectors of 512 bytes. Some versions print a
 * heading first. The maximum of a sparse image may be about 2^54 sectors: more bytes than can be counted, so it is capped.
 */
export function parseLimits(stdout: string): Limits {
  const lines = stdout.split(/\r\n|\n|\r/).map((line) => /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line));
  const match = lines.findLast((line) => line !== null);
  const numbers = match?.slice(1).map((text) => Math.min(Number(text) * 512, Number.MAX_SAFE_INTEGER));
  const [minimum, current, maximum] = numbers ?? [];
  if (minimum === undefined || current === undefined || maximum === undefined || minimum === 0) {
    throw new StepError(`hdiutil resize -limits: expected a line of three numbers of sectors, found ${said(stdout)}.`);
  }
  return { minimum, current, maximum };
}

/** The per cent of a `-puppetstrings` line; 'unknown' where hdiutil cannot tell (it prints −1); undefined for other lines. */
export function parsePercent(line: string): number | 'unknown' | undefined {
  const text = /^PERCENT:\s*(-?\d+(?:\.\d+)?)\s*$/.exec(line)?.[1];
  if (text === undefined) return undefined;
  const percent = Number(text);
  return percent < 0 ? 'unknown' : Math.min(100, percent);
}

function said(stdout: string): string {
  const text = stdout.trim();
  return text === '' ? 'nothing' : JSON.stringify(text.slice(0, 120));
}
