/** Partition schemes, in `imageinfo`'s words, that are given an Apple map: Apple's own Base Systems have one up to 10.10. */
const NEEDS_MAP: readonly string[] = ['GUID', 'none', 'fdisk'];

/** Whether a writable copy of an image that is partitioned so is made with `-pmap`. */
export function needsMap(scheme: string): boolean {
  return NEEDS_MAP.includes(scheme);
}
