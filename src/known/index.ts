import { releaseTitle } from '../releases.js';
import { BASE_SYSTEM } from './base-system.js';
import { INSTALL_ESD } from './install-esd.js';
import { INSTALL_ESD_BETAS } from './install-esd-betas.js';

/** A published installer. */
export interface KnownInstaller {
  /** As it was published: "10.10.5", "10.13db6". */
  readonly version: string;
  readonly build?: string;
  readonly beta: boolean;
  /**
   * 'expired': signed with the certificate that expired on 2019-10-24, so that it calls itself damaged unless the clock is set
   * back. 'renewed': the edition Apple issued again.
   */
  readonly signature?: 'expired' | 'renewed';
  readonly sha1: string;
  readonly sha256?: string;
}

const SIGNATURES: Readonly<Record<string, KnownInstaller['signature']>> = { old: 'expired', new: 'renewed' };

function* read(table: string, beta: boolean): Generator<KnownInstaller> {
  for (const line of table.trim().split('\n')) {
    const [version = '', build = '-', mark = '-', sha1 = '', sha256 = '-'] = line.split(' ');
    const signature = SIGNATURES[mark];
    yield {
      version,
      beta,
      sha1,
      ...(build !== '-' && { build }),
      ...(signature && { signature }),
      ...(sha256 !== '-' && { sha256 }),
    };
  }
}

/** All published InstallESD.dmg. */
export const installers: readonly KnownInstaller[] = [...read(INSTALL_ESD, false), ...read(INSTALL_ESD_BETAS, true)];
/** All published BaseSystem.dmg. */
export const baseSystems: readonly KnownInstaller[] = [...read(BASE_SYSTEM, false)];

/** The published image with this SHA-1 or SHA-256, hex. */
export function published(sum: string, list: readonly KnownInstaller[] = installers): KnownInstaller | undefined {
  const wanted = sum.toLowerCase();
  return list.find(({ sha1, sha256 }) => sha1 === wanted || sha256 === wanted);
}

/** The day before the certificate's last: what `--clock` and `date` are given. */
export const CLOCK = '2019-10-08';

const EXPIRED =
  'Its certificate expired on 2019-10-24: the installer will say that it "can\'t be verified" or "is damaged".';

/** What to start a guest with whose installer has expired. */
export function expiredNote(): string {
  return `${EXPIRED} Start it with --clock ${CLOCK} --net none.`;
}

/** What a checksum says about an installer, as sentences for people. */
export function aboutChecksum(sum: string): { readonly known?: KnownInstaller; readonly notes: readonly string[] } {
  const known = published(sum);
  if (!known) {
    return { notes: ['Its checksum is on no published list. That proves nothing: Apple renewed installers silently.'] };
  }
  const number = /^10\.\d+(\.\d+)?$/.test(known.version) ? releaseTitle(known.version, known.build) : known.version;
  const notes = [
    `Known: ${number}${known.beta ? ', a developer beta' : ''}, by its checksum (a list by users, not Apple's).`,
  ];
  if (known.signature === 'renewed') notes.push('It is the edition whose certificate was renewed in 2019.');
  if (known.signature === 'expired') {
    notes.push(
      `${EXPIRED} Get the edition Apple issued again, or set the clock: \`osx-iso boot --clock ${CLOCK}\` (QEMU: -rtc base=${CLOCK}T00:00:00, network off), or in the installer's Terminal \`date 100800002019\`.`,
    );
  }
  return { known, notes };
}
