import { releaseTitle } from '../releases.js';
import type { Guest } from './guest.js';
import type { GuestFolder } from './read.js';

/** "OS X 10.10.5 Yosemite (14F27)", or the release it is to be. */
export function guestTitle({ system, release }: Guest): string {
  return system ? releaseTitle(system.version, system.build) : releaseTitle(release);
}

/** How far it is. */
export function guestState({ installed, iso }: Guest): string {
  if (installed) return 'installed';
  return iso === undefined ? 'nothing is installed, and there is no installer' : 'to be installed';
}

/** What a person wants to see of a guest, a line each. */
export function guestLines({ guest }: GuestFolder): string[] {
  const { memory, processors, ssh, forwards = [], loader, disks, iso, installed, keyFile } = guest;
  const size = [
    `memory ${memory === undefined ? "half of this computer's" : `${memory} MiB`}`,
    `processors ${processors ?? "half of this computer's"}`,
  ];
  const ports = [...(ssh ? [{ host: ssh.port, guest: 22 }] : []), ...forwards];
  const file = loader && 'file' in loader ? `: ${loader.file}` : '';
  return [
    `${guestTitle(guest)}, ${guestState(guest)}`,
    `${guest.chipset}, ${size.join(', ')}, network ${guest.network}`,
    `disk ${disks.map((disk) => disk.file).join(', ') || 'none'}`,
    ...(iso === undefined || installed ? [] : [`installer ${iso}`]),
    `loader ${loader === undefined ? 'none yet' : loader.kind === 'none' ? loader.firmware : loader.kind}${file}`,
    ...(guest.smc === false ? ['no SMC'] : [`key ${keyFile ?? 'not said yet: --osk-file, or OSX_ISO_OSK'}`]),
    ...(ports.length === 0
      ? []
      : [`ports ${ports.map((port) => `127.0.0.1:${port.host} → ${port.guest}`).join(', ')}`]),
  ];
}
