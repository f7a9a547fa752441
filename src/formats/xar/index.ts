export { MAX_DECODED_MEMBER, MAX_TOC, openXar, type XarArchive } from './archive.js';
export type { Digest } from './header.js';
export { proveArchive } from './proof.js';
export type { Signer } from './signer.js';
export type { XarChecksum, XarEncoding, XarMember } from './toc.js';
export { writeXar, type XarInput } from './write.js';
