import { constants, publicDecrypt, X509Certificate } from 'node:crypto';
import { FormatError } from '../../errors.js';
import type { ByteSource } from '../bytes.js';
import type { XarSignature } from './toc.js';

/** Longest signature that is read, bytes: RSA of 8192 bits. */
const MAX_SIGNATURE = 1024;

/** What a signature was found to be: made by the certificate that comes with it, or of a kind that is not checked. */
export type SignatureState = 'matches its certificate' | 'not checked';

/**
 * Checks the RSA signature over the checksum of the table of contents (PKCS#1 v1.5; measured on a real signed archive) with the
 * certificate that comes with it. Who that certificate belongs to is another question. FormatError when it does not match.
 */
export async function checkSignature(
  source: ByteSource,
  heap: number,
  { style, offset, size, certificates: [certificate] }: XarSignature,
  tocDigest: Uint8Array,
): Promise<SignatureState> {
  if (style !== 'RSA' || certificate === undefined || size > MAX_SIGNATURE) return 'not checked';
  const fault = (found: string) =>
    new FormatError({
      file: source.name,
      structure: 'xar signature',
      offset: heap + offset,
      expected: `the RSA signature of ${Buffer.from(tocDigest).toString('hex')}`,
      found,
      hint: 'The file is damaged or was changed: get it again.',
    });
  let key: X509Certificate['publicKey'];
  try {
    key = new X509Certificate(certificate).publicKey;
  } catch {
    return 'not checked';
  }
  if (key.asymmetricKeyType !== 'rsa') return 'not checked';
  const signature = await source.read(heap + offset, size);
  let signed: Buffer;
  try {
    signed = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    throw fault('one that its certificate did not make');
  }
  // In front of the digest stands which kind it is of.
  const found = signed.subarray(Math.max(0, signed.length - tocDigest.length));
  if (!found.equals(Buffer.from(tocDigest))) throw fault(`that of ${found.toString('hex')}`);
  return 'matches its certificate';
}
