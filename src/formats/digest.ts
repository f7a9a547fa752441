/** A hash of bytes that are shown in order. */
export interface Digest {
  /** Where another thread makes it, the bytes may not change until that has said that it has seen them. */
  update(bytes: Uint8Array): void;
  /** Of all that was shown; once. */
  hex(): Promise<string>;
}

/** Begins one; `algorithm` as node:crypto calls it. */
export type NewDigest = (algorithm: string) => Digest;
