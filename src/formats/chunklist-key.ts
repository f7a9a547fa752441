import { constants, createPublicKey, type KeyObject, publicDecrypt } from 'node:crypto';

/** A public key that chunklists are signed with. */
export interface ChunklistKey {
  /** RSA-2048, 256 bytes, little-endian as everything in a chunklist. The exponent is 65537. */
  readonly modulus: Uint8Array;
}

/**
 * Apple's key: `Apple_EFI_ROM_public_key_1` of OpenCorePkg's macrecovery.py, in hexadecimal as stored. A public number, by
 * which anybody can check what Apple signed.
 */
export const APPLE_CHUNKLIST_KEY: ChunklistKey = {
  modulus: Buffer.from(
    [
      'cffd3e6bfe66ec75f44b7e2e0ed2639808a98d10ac378e551caa0e1c1d85ef6c',
      'd51c758c751816bf599fbedaef4d6b0ceba310247357cde105696d2ef6a36fe8',
      '540a010e96311c7e1f1971e834c3a237eff5ffcc1262fda4b399ee9a29cccbfc',
      '1e7671653f3f2f6108daaca3372d465ac518d15456a315fc555f417df0095974',
      '755f5150e667eda8823162e08cf831f7af5831cf3f0d92cabad076c13f74ed92',
      '4cc8a3deccd118639120d1cb2e85b06bdb155ae2da14400644b63635cd9af896',
      'c172df2b4ed961fe1f467beaf0eb0bceeda1df177d5112ca299e9ec86f5e85d4',
      '79213fb1f9dd5b938c57de9a52ff62a7e1431ea9250ee1294338cdd9ca48e7c3',
    ].join(''),
    'hex',
  ),
};

/** DER of "a SHA-256 digest follows" (RFC 8017, section 9.2). */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** The SHA-256 that a signature (256 bytes, little-endian) stands for; undefined when the key did not make it. */
export function openSignature(signature: Uint8Array, key: ChunklistKey): Uint8Array | undefined {
  const reversed = Buffer.from(signature).reverse();
  const rsa = publicKey(key);
  let block: Buffer;
  try {
    block = publicDecrypt({ key: rsa, padding: constants.RSA_PKCS1_PADDING }, reversed);
  } catch {
    return undefined; // OpenSSL: the padding is none, so another key made it
  }
  const prefix = block.subarray(0, SHA256_PREFIX.length);
  if (!prefix.equals(SHA256_PREFIX) || block.length !== SHA256_PREFIX.length + 32) return undefined;
  return block.subarray(SHA256_PREFIX.length);
}

function publicKey(key: ChunklistKey): KeyObject {
  const n = Buffer.from(key.modulus).reverse().toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}
