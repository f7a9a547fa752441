import type { ByteSource } from '../bytes.js';
import type { Feed } from '../cpio/index.js';

/** A payload as the cpio stream it stands for. */
export interface Payload {
  readonly name: string;
  readonly form: 'pbzx' | 'gzip' | 'bzip2' | 'cpio';
  /** Whether data can be had later without decoding all that is before it. */
  readonly seekable: boolean;
  /** How many bytes of a subtree's files are kept in memory, as having them again is dear; 0 where it is not. */
  readonly keeps: number;
  /** Absent: it can only be read from its start. */
  readonly entrances?: Entrances;
  /** A new pass over the stream. */
  feed(): Feed;
  /** A file's data in the stream, readable at any time until close(). */
  file(offset: number, size: number, name: string): ByteSource;
  close(): Promise<void>;
}

/**
 * Where a payload can be decoded without what is before. Places are whole numbers in the order of the stored bytes; an entrance is
 * a place at which decoding can begin.
 */
export interface Entrances {
  /** Places end here. */
  readonly end: number;
  /** Places closer together than this are not worth telling apart. */
  readonly grain: number;
  /** The first entrance in [place, end). */
  next(place: number, end: number): Promise<number | undefined>;
  /**
   * An entrance not long before the place `plain` plain bytes behind another, or before it where that is negative, as far as that can be
   * told without decoding: undefined where it is not between that one and `limit`.
   */
  count?(entrance: number, plain: number, limit: number): Promise<number | undefined>;
  /** The plain bytes from an entrance to the next one, part by part; little more is decoded than is asked for. */
  block(entrance: number): AsyncIterable<Uint8Array>;
  /** The payload as if it began at an entrance. */
  from(entrance: number): Payload;
}
