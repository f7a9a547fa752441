import { expect, test } from 'vitest';
import { displayFor, sshTunnel } from '../../src/boot/screen.js';
import { fakeQemu } from '../launch/fake-qemu.js';

const qemu = (...displays: string[]) => fakeQemu('8.2.0', { displays: new Set(['none', ...displays]) });
const packages = 'apt';

test.each([
  ['a window where one can be opened', { screen: 'X (:0)', qemu: qemu('gtk') }, 'window'],
  ['a page where there is no display', { qemu: qemu('gtk') }, 'web'],
  ['a page where QEMU has no windows', { screen: 'X (:0)', qemu: qemu('curses') }, 'web'],
] as const)('%s', (_, host, kind) => {
  expect(displayFor({ dryRun: false }, { packages, ...host })).toEqual({ kind });
});

test('what was asked for, and what is only printed', () => {
  const host = { packages, qemu: qemu() } as const;
  expect(displayFor({ dryRun: false, display: { kind: 'none' } }, host)).toEqual({ kind: 'none' });
  expect(displayFor({ dryRun: true }, host)).toEqual({ kind: 'window' });
});

test.each([
  ['192.0.2.7 50000 192.0.2.1 22', 'ssh -N -L 6080:127.0.0.1:6080 me@192.0.2.1'],
  ['2001:db8::7 50000 2001:db8::1 2222', 'ssh -N -L 6080:127.0.0.1:6080 -p 2222 me@2001:db8::1'],
  ['fe80::7%eth0 50000 fe80::1%eth0 22', 'ssh -N -L 6080:127.0.0.1:6080 me@fe80::1%eth0'],
  ['', undefined],
  ['UNKNOWN 65535 UNKNOWN 65535', undefined],
  ['192.0.2.7 50000 -oProxyCommand=x 22', undefined],
])('from %j', (SSH_CONNECTION, line) => {
  expect(sshTunnel(6080, { SSH_CONNECTION }, () => 'me')?.join(' ')).toBe(line);
  expect(sshTunnel(6080, {}, () => 'me')).toBeUndefined();
});
