import type { ByteSource } from '../formats/bytes.js';
import { digestInBackground } from '../image/digest.js';
import { aboutChecksum, type KnownInstaller } from '../known/index.js';

/** What the checksum of an installer says. */
export interface Identity {
  /** Of InstallESD.dmg, or of the DVD; hex. Absent where it could not be taken. */
  readonly sha1?: string;
  readonly known?: KnownInstaller;
  /** For people. */
  readonly notes: readonly string[];
}

/** Looks an installer up among the published ones while something else is done with it. */
export class Identification {
  readonly #stop = new AbortController();
  readonly #identity: Promise<Identity>;

  constructor(image: ByteSource, signal: AbortSignal) {
    this.#identity = digestInBackground(image, AbortSignal.any([signal, this.#stop.signal])).then(
      (sha1) => ({ sha1, ...aboutChecksum(sha1) }),
      (error: unknown) => ({
        notes: [`Its checksum could not be taken: ${error instanceof Error ? error.message : error}`],
      }),
    );
  }

  /** When it is known. Never rejects: what was built is good all the same. */
  done(): Promise<Identity> {
    return this.#identity;
  }

  /** Lets go of the image, which may be closed then. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#identity;
  }
}
