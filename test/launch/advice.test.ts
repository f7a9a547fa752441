import { expect, test } from 'vitest';
import { adviceOn } from '../../src/launch/advice.js';
import type { Host } from '../../src/launch/host.js';
import { type Choice, makeMachine } from '../../src/launch/machine.js';
import { profileOf } from '../../src/launch/profiles.js';
import { fakeQemu } from './fake-qemu.js';

const host: Host = {
  platform: 'linux',
  arch: 'x64',
  kernel: [6, 1],
  qemu: fakeQemu('8.2.0'),
  qemuImg: true,
  kvm: 'usable',
  cpu: { vendor: 'GenuineIntel', flags: new Set(['vmx', 'ssse3', 'sse4_1']) },
  ignoreMsrs: { on: false, writable: true },
  free: { here: 1e12, temporary: 1e12, temporaryFolder: '/tmp' },
  smcDriver: false,
  root: false,
  here: [],
};
const advice = (choice: Choice, more: Partial<Host> = {}) =>
  adviceOn(makeMachine(choice), profileOf(choice.release ?? '10.10')!, { ...host, ...more });

test('none is given where all is well', () => {
  expect(advice({})).toEqual([]);
  expect(advice({ release: '10.12', processors: 8, network: 'none', clock: '2019-10-08' })).toEqual([
    expect.stringContaining('Enoch'),
  ]);
});

test.each<[Choice, Partial<Host>, string]>([
  [{}, { kernel: [4, 4] }, 'ignore_msrs is off: 10.10 restarts again and again'],
  [{ release: '10.8' }, { kernel: [3, 10] }, 'still waiting for root device'],
  [{}, { cpu: { vendor: 'AuthenticAMD', flags: new Set(['svm']) } }, 'without ssse3'],
  [{ memory: 1024 }, {}, 'Yosemite wants 2048 MiB'],
  [{ processors: 6 }, {}, 'not 6'],
  [{ processors: 3 }, {}, 'not 3'],
  [{ network: 'virtio-net-pci' }, {}, 'Yosemite would have no network'],
  [{ clock: '2019-10-08' }, {}, '--net none'],
])('%j, %j: %s', (choice, more, words) => {
  expect(advice(choice, more)).toEqual([expect.stringContaining(words)]);
});

test('the host’s kernel does not matter to TCG', () => {
  expect(advice({ accelerator: 'tcg' }, { kernel: [3, 10] })).toEqual([]);
});

test('Ventura has no driver for e1000', () => {
  const words = advice({ release: '13', network: 'e1000-82545em', accelerator: 'tcg' });
  expect(words).toEqual([expect.stringContaining('--net vmxnet3')]);
});
