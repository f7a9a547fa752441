import { majorVersion, releases } from '../releases.js';
import { NOT_OFFERED, OTHER_NAMES } from './downloads.js';

/**
 * "10.10", "10.10.5" or "11" of what a user calls a release: a version, a name, with or without "OS X" before it. Undefined for
 * anything else.
 */
export function releaseWanted(text: string): string | undefined {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/^install\s+/, '')
    .replace(/^(mac\s?os(\s?x)?|os\s?x)(\s+|$)/, '')
    .replace(/[-_\s]+/g, ' ');
  if (/^\d+(\.\d+){0,2}$/.test(plain)) {
    const known = releases.some(({ version }) => version === majorVersion(plain)) || majorVersion(plain) in NOT_OFFERED;
    return known ? plain : undefined;
  }
  const squeezed = plain.replaceAll(' ', '');
  const called = (name: string) => name.toLowerCase().replaceAll(' ', '') === squeezed;
  const other = Object.keys(OTHER_NAMES).find(called);
  return releases.find(({ name }) => called(name))?.version ?? (other && OTHER_NAMES[other]);
}

/** What an installer is called: apps, and the names of Apple's downloads. */
export const INSTALLER_NAME =
  /^(Install .*(OS X|macOS).*\.app|InstallESD\.dmg|InstallMacOSX\.(dmg|pkg)|InstallOS\.(dmg|pkg))$/;
