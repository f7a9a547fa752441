import { X509Certificate } from 'node:crypto';

/** Who signed an archive, by the certificates in its table of contents. */
export interface Signer {
  /** The common name in the signer's own certificate; its whole subject where it has none. */
  readonly name: string;
  /** When the first certificate of the chain ends: from then on Apple's installers call what it signed damaged. ISO 8601, UTC. */
  readonly validUntil: string;
}

/** The signer of a chain of certificates (DER), its own first. Undefined for none, and for what is no certificate. */
export function signerOf(chain: readonly Uint8Array[]): Signer | undefined {
  try {
    const certificates = chain.map((bytes) => new X509Certificate(bytes));
    const [own] = certificates;
    if (!own) return undefined;
    const ends = certificates.map(({ validTo }) => Date.parse(validTo));
    const name = /^CN=(.*)$/m.exec(own.subject)?.[1] ?? own.subject.replaceAll('\n', ', ');
    return { name: printable(name), validUntil: new Date(Math.min(...ends)).toISOString() };
  } catch {
    // What does not parse, and dates that are none: a RangeError of toISOString.
    return undefined;
  }
}

const printable = (name: string) => name.replace(/[^ -~]/g, '?').slice(0, 200);
