import { buildBootPlist, mergeSettings, type Settings } from '../plist/chameleon/boot-plist.js';
import { settingsOf } from '../plist/chameleon/settings.js';

/** What a plist is to say. */
export interface PlistRequest {
  readonly base: Settings;
  readonly set?: Settings;
  readonly unset?: readonly string[];
  readonly allowUnknown?: boolean;
  /** An existing plist's settings take the place of `base`. */
  readonly merge?: boolean;
}

/** The plist that a request makes, of an existing one where it is to be merged with that. */
export function composePlist(
  request: PlistRequest,
  existing?: { readonly bytes: Uint8Array; readonly name: string },
): string {
  const { base, set = {}, unset = [], allowUnknown = false, merge = false } = request;
  const there = merge && existing ? settingsOf(existing.bytes, existing.name) : undefined;
  // What an existing file may have, it may keep.
  return buildBootPlist(mergeSettings(there ?? base, set, unset), {
    allowUnknown: allowUnknown || there !== undefined,
  });
}
