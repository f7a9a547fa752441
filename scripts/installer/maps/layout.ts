/** A part of a disk that becomes a blkx table of its own; 512-byte sectors. The number and the bracket come behind its name. */
export interface Stretch {
  readonly name: string;
  readonly firstSector: number;
  readonly sectorCount: number;
}

/** A disk with one volume, all but the volume's own bytes. */
export interface Layout {
  /** Of the file, 512 bytes each: the map may count more. */
  readonly totalSectors: number;
  readonly volumeFirstSector: number;
  /** In order, none touches the volume; offsets in bytes. What none of them covers is zeros. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** In order and without gaps. */
  readonly stretches: readonly Stretch[];
}

/** A disk that is a volume and nothing else. */
export function bare(volumeSectors: number): Layout {
  const whole = { name: 'whole disk (Apple_HFS', firstSector: 0, sectorCount: volumeSectors };
  return { totalSectors: volumeSectors, volumeFirstSector: 0, pieces: [], stretches: [whole] };
}
