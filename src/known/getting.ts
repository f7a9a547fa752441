import { majorVersion } from '../releases.js';
import { NOT_OFFERED } from './downloads.js';
import { type Starter, startersOf } from './loaders.js';

/**
 * Where a loader comes from, as lines to read. OpenCore's page: its project's own. Enoch r2839, the one that was measured here: a file
 * of an old commit of OSX-KVM, which no branch has any more (code: read there). Whatever else there is of Chameleon lies in forums that
 * want a registration.
 */
const LOADERS: Readonly<Record<Starter, readonly string[]>> = {
  opencore: [
    'OpenCore: OpenCore-X.Y.Z-RELEASE.zip, as it is, from',
    '  https://github.com/acidanthera/OpenCorePkg/releases',
    '  --opencore OpenCore-X.Y.Z-RELEASE.zip',
  ],
  chameleon: [
    'Chameleon or Enoch: the file "boot". Enoch 2839 is enoch_rev2839_boot in',
    '  https://github.com/kholia/OSX-KVM/tree/2794e12955a3011ac0c4aba2dac4a3b275f85266',
    '  (other builds lie in forums that want a registration)',
    '  --chameleon FILE',
  ],
  enoch: [
    'Enoch (a Chameleon): the file "boot". Enoch 2839 is enoch_rev2839_boot in',
    '  https://github.com/kholia/OSX-KVM/tree/2794e12955a3011ac0c4aba2dac4a3b275f85266',
    '  (other builds lie in forums that want a registration)',
    '  --chameleon FILE',
  ],
};

/** What starts a version, and where it is had from: one way after the other, what is usual first. */
export function gettingLoader(version: string): string {
  const ways = startersOf(version).map((starter) => LOADERS[starter].join('\n'));
  return ways.join('\nor ');
}

/** How an installer's ISO of a release ("10.10") comes about. */
export function gettingInstaller(version: string): string {
  const why = NOT_OFFERED[majorVersion(version)];
  if (why !== undefined) return why;
  return `osx-iso build ${majorVersion(version)}   # reads Apple's installer from Apple, or give your own: osx-iso build "Install ….app"`;
}
