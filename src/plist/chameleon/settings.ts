import { VerifyError } from '../../errors.js';
import { findingLine } from '../findings.js';
import { chameleonKey, fromEntries, type Settings, spelled } from './boot-plist.js';
import { checkBootPlist } from './check.js';

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
