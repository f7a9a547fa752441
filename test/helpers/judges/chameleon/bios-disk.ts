import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export const SECTOR = 512;
/** Sectors of one EBIOS read (disk.c: N_CACHE_SECS = 32 KiB / 512). */
const TRACK = 64;

/**
 * A hard disk as Chameleon's Biosread sees it: every miss is one read of 64 sectors from the wanted one, never shortened at the end of
 * the disk, and the BIOS refuses a read that goes past it (Error 0x0c; measured with Enoch r2839). After that the loader believes the
 * 64 sectors to be in its buffer, where there is still what was read before: stale bytes.
 */
export class BiosDisk {
  readonly sectors: number;
  /** What the loader says on its screen. */
  readonly console: string[] = [];
  readonly #fd: number;
  readonly #track = Buffer.alloc(TRACK * SECTOR);
  #first = -1;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.sectors = Math.floor(fstatSync(this.#fd).size / SECTOR);
  }

  /** Copies disk bytes from byte `at` into `to`. False where the BIOS refused: the rest of `to` stays as it was. */
  read(at: number, to: Uint8Array): boolean {
    for (let done = 0; done < to.length; ) {
      const sector = Math.floor((at + done) / SECTOR);
      if (!this.#fetch(sector)) return false;
      const from = (sector - this.#first) * SECTOR + ((at + done) % SECTOR);
      const length = Math.min(to.length - done, SECTOR - ((at + done) % SECTOR));
      to.set(this.#track.subarray(from, from + length), done);
      done += length;
    }
    return true;
  }

  #fetch(sector: number): boolean {
    if (this.#first >= 0 && sector >= this.#first && sector < this.#first + TRACK) return true;
    this.#first = sector;
    if (sector + TRACK > this.sectors) {
      this.console.push(`EBIOS read error: Error 0x0c, Block 0x${sector.toString(16)} Sectors ${TRACK}`);
      return false;
    }
    readSync(this.#fd, this.#track, 0, TRACK * SECTOR, sector * SECTOR);
    return true;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
