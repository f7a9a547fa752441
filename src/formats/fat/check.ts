import { type Path, showPath } from '../entry.js';
import { clusterBytes } from './geometry.js';
import { isEnd, Mark, Table } from './table.js';
import { DEEPEST, type FatVolume, type Found } from './volume.js';

/** More sentences than this help nobody. */
const MOST_FINDINGS = 20;

/**
 * Everything that is wrong with a volume's structures, as sentences; [] where nothing is. Each cluster is looked at once. FormatError
 * where a folder cannot be read at all; the signal's reason when it aborts.
 */
export async function checkFat(volume: FatVolume, signal: AbortSignal): Promise<string[]> {
  const check = new Check(volume, signal);
  await check.folder([], { cluster: volume.boot.rootCluster });
  await check.table();
  return check.findings;
}

class Check {
  readonly findings: string[] = [];
  /** A bit a cluster: it belongs to something. */
  readonly #claimed: Uint8Array;

  constructor(
    readonly volume: FatVolume,
    readonly signal: AbortSignal,
  ) {
    this.#claimed = new Uint8Array(Math.ceil((volume.boot.clusters + 2) / 8));
  }

  /** A folder and all below it. */
  async folder(path: Path, folder: { readonly cluster: number }): Promise<void> {
    const waiting = [{ path, folder }];
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      this.signal.throwIfAborted();
      const clusters = await this.volume.folderClusters(at.folder, at.path);
      if (!clusters.every((cluster) => this.#claim(cluster, at!.path))) continue;
      for await (const found of this.volume.children(at.folder, at.path)) {
        const inside = [...at.path, found.name];
        if (found.isFolder && inside.length > DEEPEST)
          this.#say(`${showPath(at.path)}: more than ${DEEPEST} folders in each other`);
        else if (found.isFolder) waiting.push({ path: inside, folder: found });
        else await this.#file(inside, found);
      }
    }
  }

  async #file(path: Path, { cluster: first, size }: Found): Promise<void> {
    const { clusters, bits } = this.volume.boot;
    const wanted = Math.ceil(size / clusterBytes(this.volume.boot));
    let count = 0;
    for (let cluster = first; wanted > 0; ) {
      if (cluster < 2 || cluster >= clusters + 2) {
        return this.#say(`${showPath(path)}: its chain leads to cluster ${cluster}, which is none of the volume's`);
      }
      if (!this.#claim(cluster, path)) return;
      count++;
      const next = await this.volume.table.get(cluster);
      if (isEnd(bits, next)) break;
      cluster = next;
    }
    if (count !== wanted) {
      this.#say(`${showPath(path)}: expected ${wanted} clusters for its ${size} bytes, found ${count}`);
    }
  }

  /** Says so where a cluster belongs to something already. */
  #claim(cluster: number, path: Path): boolean {
    if (this.#isClaimed(cluster)) {
      this.#say(`${showPath(path)}: its cluster ${cluster} belongs to something else, too`);
      return false;
    }
    this.#claimed[cluster >> 3]! |= 1 << (cluster & 7);
    return true;
  }

  #isClaimed(cluster: number): boolean {
    return (this.#claimed[cluster >> 3]! & (1 << (cluster & 7))) !== 0;
  }

  /** Clusters that are taken and belong to nothing; copies of the table that differ. */
  async table(): Promise<void> {
    const { source, boot, table } = this.volume;
    const others = boot.mirrored ? [...Array(boot.tables).keys()].filter((copy) => copy !== table.copy) : [];
    const copies = others.map((copy) => new Table(source, boot, copy).pages());
    let lost = 0;
    let different = 0;
    for await (const { first, bytes, entries } of table.pages()) {
      this.signal.throwIfAborted();
      entries.forEach((value, i) => {
        if (value === Mark.free || first + i < 2 || isBad(boot.bits, value)) return;
        if (!this.#isClaimed(first + i)) lost++;
      });
      for (const copy of copies) {
        const page = (await copy.next()).value;
        if (!page || Buffer.compare(page.bytes, bytes) === 0) continue;
        entries.forEach((value, i) => {
          if (first + i >= 2 && page.entries[i] !== value) different++;
        });
      }
    }
    if (lost > 0) this.#say(`${lost} clusters are taken and belong to no file`);
    if (different > 0) this.#say(`the copies of the table differ in ${different} entries`);
  }

  #say(text: string): void {
    if (this.findings.length < MOST_FINDINGS) this.findings.push(text);
  }
}

function isBad(bits: 12 | 16 | 32, value: number): boolean {
  return value === Mark.bad % 2 ** Math.min(bits, 28);
}
