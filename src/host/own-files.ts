import type { Whole } from '../formats/whole.js';

// Files that osx-iso writes and reads again. They lie where anybody may have written them since: none is larger than this.

/** X.iso.json, beside an ISO: ours have some 20 KB. */
export const MANIFEST: Whole = { what: 'manifest of an ISO', most: 4 << 20 };
