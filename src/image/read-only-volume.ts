import { StepError } from '../errors.js';
import type { ByteSource } from '../formats/bytes.js';
import type { HfsVolume } from '../formats/hfsplus/volume.js';
import type { Entry, Path, Volume } from './types.js';

/** An HFS+ volume as the engine hands it out for reading. */
export class ReadOnlyVolume implements Volume {
  readonly name: string;
  readonly #volume: HfsVolume;

  constructor(volume: HfsVolume) {
    this.name = volume.name;
    this.#volume = volume;
  }

  walk(from?: Path): AsyncIterable<Entry> {
    return this.#volume.walk(from);
  }

  entry(path: Path): Promise<Entry | undefined> {
    return this.#volume.entry(path);
  }

  file(path: Path): Promise<ByteSource | undefined> {
    return this.#volume.file(path);
  }

  async put(): Promise<void> {
    throw new StepError(`${this.name} is attached read-only.`);
  }

  async remove(): Promise<void> {
    throw new StepError(`${this.name} is attached read-only.`);
  }

  async close(): Promise<void> {}
}
