/** hdiutil's command lines as values, so that they can be read, printed and compared before one of them runs. */

/** Bytes of the sectors hdiutil counts in (its size letter "b"). */
const SECTOR = 512;
const GIB = 2 ** 30;
const MIB = 2 ** 20;

/**
 * A source (`readOnly`) is attached so that nothing on it can change. `-owners on`, because by default owners are ignored on
 * removable images: neither would those of the source be seen, nor those on the target be kept. `-nobrowse` keeps Finder away, and `-noverify` saves minutes: we check ourselves.
 */
export function attachArgv(image: string, options: { mountPoint: string; readOnly: boolean }): string[] {
  const { mountPoint, readOnly } = options;
  const access = readOnly ? '-readonly' : '-readwrite';
  return [
    'attach',
    '-plist',
    '-nobrowse',
    '-noverify',
    '-noautoopen',
    access,
    '-owners',
    'on',
    '-mountpoint',
    mountPoint,
    image,
  ];
}

/** `target` is the whole disk's device node. */
export function detachArgv(target: string, options: { force?: boolean } = {}): string[] {
  return ['detach', target, ...(options.force ? ['-force'] : [])];
}

/**
 * A writable sparse image. `partitionMap` adds an Apple partition map to a bare volume and to the GUID-partitioned Base Systems from
 * 10.11 on: then the volume lies where the finished disk has it, and need not be moved.
 */
export function convertToSparseArgv(image: string, to: string, options: { partitionMap: boolean }): string[] {
  const map = options.partitionMap ? ['-pmap'] : [];
  return ['convert', image, '-format', 'UDSP', ...map, '-o', to, '-puppetstrings'];
}

/** The raw sectors of an image, its map among them. `to` must end in ".cdr", or hdiutil appends it. */
export function convertToRawArgv(image: string, to: string): string[] {
  return ['convert', image, '-format', 'UDTO', '-o', to, '-puppetstrings'];
}

/** Image, partition and file system, to a size in bytes (a multiple of 512). */
export function resizeArgv(image: string, bytes: number): string[] {
  return ['resize', '-size', sizeText(bytes), image];
}

/** Asks for the smallest, the current and the largest size. */
export function limitsArgv(image: string): string[] {
  return ['resize', '-limits', image];
}

export function infoArgv(): string[] {
  return ['info', '-plist'];
}

export function imageInfoArgv(image: string): string[] {
  return ['imageinfo', '-plist', image];
}

/** "8g", "100m", or sectors: "12345b". Letters as in hdiutil(1), powers of 1024. */
export function sizeText(bytes: number): string {
  if (bytes % GIB === 0) return `${bytes / GIB}g`;
  if (bytes % MIB === 0) return `${bytes / MIB}m`;
  return `${Math.ceil(bytes / SECTOR)}b`;
}

/**
 * `cp -pPR`, not the `cp -rp` of Somlo's page: BSD's manual calls -r historic, because it follows links and reads devices; -P
 * copies a link as a link. Not `ditto` either, which is no better here and exists on Macs alone. A folder that is there already
 * is filled ("from/."), never copied into.
 */
export function copyArgv(from: string, to: string, options: { merge?: boolean } = {}): string[] {
  return ['-pPR', options.merge ? `${from}/.` : from, to];
}
