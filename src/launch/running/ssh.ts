import { ActError, act } from '../../host/act.js';
import { ask } from '../../host/ask.js';
import { LOOPBACK } from '../ports.js';
import { expectRunning, expectSsh } from './expect.js';

/** A version of OpenSSH. */
export type SshVersion = readonly [major: number, minor: number];

export interface SshOptions {
  /** Who logs in; default: ssh's own choice. */
  readonly user?: string;
  /** What is run in the guest; without it a shell. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  /** What messages call the guest. */
  readonly name: string;
}

/** "OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.22" */
export function parseSshVersion(text: string): SshVersion | undefined {
  const found = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(text);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
}

/** In the guest's folder: every guest has its own keys, behind ports that another may have had before. */
const KNOWN_HOSTS = 'known_hosts';
/** What the guest is called in it, whatever its port. */
const ALIAS = 'guest';

/**
 * The arguments for the system's ssh, run in the guest's folder. Servers of that time sign with ssh-rsa only, which ssh refuses since
 * 8.8; that the client may, too, is asked by another name before 8.5. An ssh before 7.0 knows no "+" and needs none of it. Pure.
 */
export function sshArgs(
  port: number,
  { user, command }: Pick<SshOptions, 'user' | 'command'>,
  version: SshVersion | undefined,
): string[] {
  const since = (major: number, minor: number) =>
    version === undefined || version[0] > major || (version[0] === major && version[1] >= minor);
  const keys = since(8, 5) ? 'PubkeyAcceptedAlgorithms' : 'PubkeyAcceptedKeyTypes';
  const options = [
    ...(since(7, 0) ? ['HostKeyAlgorithms=+ssh-rsa', `${keys}=+ssh-rsa`] : []),
    // Relative: a path may hold characters that mean something to ssh.
    `UserKnownHostsFile=${KNOWN_HOSTS}`,
    `HostKeyAlias=${ALIAS}`,
    // A new guest's key is taken, another key for the same guest is not.
    ...(since(7, 6) ? ['StrictHostKeyChecking=accept-new'] : []),
    'CheckHostIP=no',
  ];
  return [
    ...['-p', String(port), ...options.flatMap((option) => ['-o', option])],
    ...(user === undefined ? [] : ['-l', user]),
    LOOPBACK,
    ...(command.length > 0 ? ['--', ...command] : []),
  ];
}

/** Runs the system's ssh into a guest, on this terminal, and gives its exit status. HostError where there is no ssh, or no guest. */
export async function sshInto(folder: string, options: SshOptions): Promise<number> {
  const { name, signal } = options;
  const port = expectSsh(await expectRunning(folder, name), name);
  // On stderr, and status 0.
  const version = parseSshVersion((await ask`ssh -V 2>&1`) ?? '');
  try {
    await act('ssh', sshArgs(port, options, version), {
      signal,
      terminal: true,
      cwd: folder,
      missingHint: 'Install it: sudo apt install openssh-client.',
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ActError)) throw error;
    // As a shell has it for a program that a signal ended.
    return error.status ?? 128 + 15;
  }
}
