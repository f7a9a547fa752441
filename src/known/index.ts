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

/** The last day of the certificates that all installers up to 10.14 were signed with first. */
export const FIRST_EXPIRY = '2019-10-24T00:00:00.000Z';

/** What to start a guest with whose installer was signed until then (ISO 8601). */
export function expiredNote(validUntil: string = FIRST_EXPIRY): string {
  return `${expired(validUntil)} Start it with --clock ${clockBefore(validUntil)} --net none.`;
}

const expired = (validUntil: string) =>
  `Its certificate expired on ${validUntil.slice(0, 10)}: the installer will say that it "can't be verified" or "is damaged".`;

/** A day on which it was taken: what `--clock` is given. */
const clockBefore = (validUntil: string) =>
  new Date(Date.parse(validUntil) - 16 * 86_400_000).toISOString().slice(0, 10);

/** Both ways out of an expired certificate. */
function waysOut(validUntil: string): string {
  const clock = clockBefore(validUntil);
  const [year, month, day] = clock.split('-');
  return `${expired(validUntil)} Get the edition Apple issued again, or set the clock: \`osx-iso boot --clock ${clock}\` (QEMU: -rtc base=${clock}T00:00:00, network off), or in the installer's Terminal \`date ${month}${day}0000${year}\`.`;
}

/** What is to be known of an installer's signer, as sentences for people. */
export function aboutSigner(
  { name, validUntil }: { readonly name: string; readonly validUntil: string },
  now = Date.now(),
): string[] {
  if (Date.parse(validUntil) < now) return [`Signed by "${name}". ${waysOut(validUntil)}`];
  return [`Signed by "${name}", valid until ${validUntil.slice(0, 10)}.`];
}

/** What a checksum says about an installer, as sentences for people. */
export function aboutChecksum(
  sum: string,
  list: readonly KnownInstaller[] = installers,
): { readonly known?: KnownInstaller; readonly notes: readonly string[] } {
  const known = published(sum, list);
  if (!known) {
    return { notes: ['Its checksum is on no published list. That proves nothing: Apple renewed installers silently.'] };
  }
  const number = /^10\.\d+(\.\d+)?$/.test(known.version) ? releaseTitle(known.version, known.build) : known.version;
  const notes = [
    `Known: ${number}${known.beta ? ', a developer beta' : ''}, by its checksum (a list by users, not Apple's).`,
  ];
  if (known.signature === 'renewed') notes.push('It is the edition whose certificate was renewed in 2019.');
  if (known.signature === 'expired') {
    notes.push(waysOut(FIRST_EXPIRY));
  }
  return { known, notes };
}
