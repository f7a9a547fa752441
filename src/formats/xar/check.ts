import { createHash, type Hash } from 'node:crypto';
import { FormatError } from '../../errors.js';
import type { XarChecksum, XarMember } from './toc.js';

/** A running digest of a member and what it must come to. */
export class Check {
  #hash: Hash | undefined;
  readonly #fault: (found: string, heap: number) => FormatError;
  readonly #expected: XarChecksum | undefined;

  constructor(file: string, member: XarMember, kind: 'archived' | 'extracted', expected: XarChecksum | undefined) {
    this.#expected = expected;
    this.#fault = (found, heap) =>
      new FormatError({
        file,
        structure: `${kind} checksum of xar member ${member.path}`,
        offset: heap + member.offset,
        expected: `${expected?.digest} ${expected?.hex}`,
        found,
        hint: 'The file is damaged: get it again.',
      });
  }

  equals(other: Check): boolean {
    return this.#expected?.digest === other.#expected?.digest && this.#expected?.hex === other.#expected?.hex;
  }

  update(bytes: Uint8Array): void {
    this.#begun()?.update(bytes);
  }

  async *through(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      this.update(part);
      yield part;
    }
  }

  /** FormatError where the digest is another; `heap` is where the archive's heap begins. */
  finish(heap: number): void {
    this.compare(this.#begun()?.digest('hex'), heap);
  }

  /** The same for a digest, hex, that somebody else has made. */
  compare(found: string | undefined, heap: number): void {
    if (found !== this.#expected?.hex) throw this.#fault(found ?? 'none', heap);
  }

  #begun(): Hash | undefined {
    if (this.#expected) this.#hash ??= createHash(this.#expected.digest);
    return this.#hash;
  }
}
