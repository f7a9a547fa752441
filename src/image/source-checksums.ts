import { SourceError } from '../errors.js';
import { ChecksumLedger, type ChecksumState, type UdifImage, verifyChecksums } from '../formats/udif/index.js';
import type { Work } from './types.js';
import type { RunChecksum } from './writer/produce.js';

/**
 * The checksums of the images a disk is made from, gathered run by run while it is written. Runs that were not needed are read at
 * the end, so that a damaged download is noticed wherever the damage is.
 */
export class SourceChecksums {
  readonly #images = new Map<number, { image: UdifImage; ledger: ChecksumLedger }>();

  watch(image: UdifImage): void {
    this.#images.set(image.id, { image, ledger: new ChecksumLedger(image) });
  }

  forget(image: UdifImage): void {
    this.#images.delete(image.id);
  }

  report(checksums: readonly RunChecksum[]): void {
    for (const { run, crc, part } of checksums) {
      const ledger = this.#images.get(run.image)?.ledger;
      if (part) ledger?.reportPart(run.index, part, crc);
      else ledger?.report(run.index, crc);
    }
  }

  /** SourceError for an image whose bytes are not what its checksums say; otherwise what each said, by image. */
  async finish(work: Work): Promise<Record<string, ChecksumState>> {
    const states: Record<string, ChecksumState> = {};
    for (const { image, ledger } of this.#images.values()) {
      const report = await verifyChecksums(image, { ledger, dataFork: false, signal: work.signal });
      states[image.name] = report.state;
      const bad = [...report.partitions, report.master].find(({ state }) => state === 'invalid');
      if (bad) {
        throw new SourceError(
          `${image.name}: "${bad.name}": expected the checksum ${hex(bad.stated)}, found ${hex(bad.computed)}.`,
          { hint: 'The download is damaged: get the installer again.' },
        );
      }
    }
    const said = Object.entries(states).map(([name, state]) => `${name.split('/').at(-1)} ${state}`);
    if (said.length > 0) work.note(`checksums: ${said.join(', ')}`);
    return states;
  }
}

function hex(crc: number | undefined): string {
  return crc === undefined ? 'none' : crc.toString(16).padStart(8, '0');
}
