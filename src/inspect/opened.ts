import type { ByteSource } from '../formats/bytes.js';
import type { Entry, Path, Tree } from '../formats/entry.js';

/** One container in the chain: what it is, and what is known of it as short lines. */
export interface Layer {
  readonly kind: 'disk image' | 'partition map' | 'volume' | 'package';
  readonly name: string;
  readonly lines: readonly string[];
}

/** The innermost thing that was opened: a tree one can list and read files of. */
export interface Opened {
  readonly layers: readonly Layer[];
  readonly tree: Tree;
  entry(path: Path): Promise<Entry | undefined>;
  /** The content of a file as a program on OS X would read it; undefined where there is none. */
  content(entry: Entry): Promise<ByteSource | undefined>;
  /** Makes sure that what is read at and below a path is what it was: where only all of something has a checksum. FormatError. */
  prove?(path: Path, signal: AbortSignal): Promise<void>;
}
