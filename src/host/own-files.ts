import type { Whole } from '../formats/whole.js';

// Files that osx-iso writes and reads again. They lie where anybody may have written them since: none is larger than this.

/** NAME.part.json, beside a download that has not ended; one of 10,000 ranges has some 300,000 bytes. */
export const DOWNLOAD_STATE: Whole = { what: 'state of a download', most: 4 << 20 };

/** What OSX_ISO_OFFERS names. */
export const OFFERS: Whole = { what: 'list of installers that are offered', most: 1 << 20 };

/** X.iso.json, beside an ISO: ours have some 20 KB. */
export const MANIFEST: Whole = { what: 'manifest of an ISO', most: 4 << 20 };

/** X.iso.sha256, beside an ISO: a checksum and a name. */
export const CHECKSUM: Whole = { what: 'checksum of an ISO', most: 4096 };

/** Beside an output that is being built: a process and its host. */
export const LOCK: Whole = { what: 'lock of a build', most: 4096 };

/** run.json, in the folder of a guest that runs: ours have some 500 bytes. */
export const RUN_STATE: Whole = { what: 'state of a running guest', most: 64 << 10 };

/** guest.json, in a guest's folder: ours have some 1000 bytes. */
export const GUEST_DESCRIPTION: Whole = { what: 'description of a guest', most: 64 << 10 };
