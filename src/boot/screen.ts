import { userInfo } from 'node:os';
import type { Display } from '../launch/machine.js';
import { noWindow } from '../launch/needs/display.js';
import type { BootOptions } from './options.js';

/**
 * Where the screen is shown: where it was asked for, else in a window; and where none can be opened, on a page for a browser. What is
 * only printed is for another session.
 */
export function displayFor(
  { display, dryRun }: Pick<BootOptions, 'display' | 'dryRun'>,
  host: Parameters<typeof noWindow>[0],
): Display {
  return display ?? { kind: dryRun || !noWindow(host) ? 'window' : 'web' };
}

/**
 * What is typed on the computer that somebody came from by ssh, so that a port of 127.0.0.1 is the same there as here; undefined
 * outside such a session. SSH_CONNECTION (ssh(1)): client's address and port, server's address and port.
 */
export function sshTunnel(
  port: number,
  env: NodeJS.ProcessEnv = process.env,
  user: () => string = () => userInfo().username,
): readonly string[] | undefined {
  const [, , address, own] = (env.SSH_CONNECTION ?? '').split(' ');
  if (address === undefined || !/^[0-9a-f.:]+(%[\w.-]+)?$/i.test(address) || !/^\d{1,5}$/.test(own ?? ''))
    return undefined;
  return [
    'ssh',
    '-N',
    '-L',
    `${port}:127.0.0.1:${port}`,
    ...(own === '22' ? [] : ['-p', own!]),
    `${user()}@${address}`,
  ];
}
