import type { Given } from './given.js';
import type { Sample } from './mutate.js';
import { codecReaders } from './readers/codecs.js';
import { diskReaders } from './readers/disks.js';
import { packageReaders } from './readers/packages.js';
import { textReaders } from './readers/texts.js';
import { volumeReaders } from './readers/volumes.js';

/** A reader of inputs: everything that a command would do with one of that kind. */
export interface Reader {
  readonly name: string;
  /** How often it has its turn; default 1. */
  readonly weight?: number;
  samples(): Promise<readonly Sample[]> | readonly Sample[];
  read(given: Given): Promise<void> | void;
}

/** All readers of the product. */
export const READERS: readonly Reader[] = [
  ...diskReaders,
  ...volumeReaders,
  ...packageReaders,
  ...codecReaders,
  ...textReaders,
];
