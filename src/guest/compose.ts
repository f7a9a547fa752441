import { VerifyError } from '../errors.js';
import {
  buildBootPlist,
  chameleonKey,
  fromEntries,
  mergeSettings,
  type Settings,
  spelled,
} from '../plist/chameleon.js';
import { checkBootPlist, type Finding } from '../plist/check.js';

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

/** The settings the loader finds in a file. VerifyError, with every finding, where the file says something else. */
export function settingsOf(bytes: Uint8Array, name: string): Settings {
  const report = checkBootPlist(bytes, name);
  if (!report.ok) {
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    throw new VerifyError(
      `${name}: the loader does not read this as it is meant:\n${errors.map((finding) => `  ${findingLine(finding)}`).join('\n')}`,
      'osx-iso plist check FILE --fix writes a corrected one.',
    );
  }
  return fromEntries(Object.entries(report.sees).map(([key, value]) => [key, spelled(chameleonKey(key), value)]));
}

/** "7:5 error: …" */
export function findingLine({ line, column, severity, message }: Finding): string {
  return `${line}:${column} ${severity}: ${message}`;
}
