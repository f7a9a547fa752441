import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';

async function ran(argv: readonly string[]): Promise<{ code: number; seen: unknown; err: string; out: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const text = { out: '', err: '' };
  out.on('data', (chunk) => {
    text.out += chunk;
  });
  err.on('data', (chunk) => {
    text.err += chunk;
  });
  let seen: unknown;
  const command = (name: string) => async (options: unknown) => {
    seen = { name, options };
  };
  const names = ['boot', 'diskCreate', 'doctor', 'smc', 'guestStatus', 'guestStop', 'guestWait', 'guestSsh'];
  const code = await main(argv, {
    standIns: Object.fromEntries(names.map((name) => [name, command(name)])),
    stdout: new Output(out as unknown as NodeJS.WriteStream),
    stderr: new Output(err as unknown as NodeJS.WriteStream),
    screen: err as unknown as NodeJS.WriteStream,
    env: {},
    version: '1.2.3',
  });
  return { code, seen, ...text };
}

test.each([
  [
    ['boot', 'x.iso', '--disk', 'a', '--disk', 'b', '--create-disk', '30G', '--chameleon', 'c', '--osk-file', 'o'],
    'boot',
    { what: 'x.iso', disk: ['a', 'b'], createDisk: '30G', chameleon: 'c', oskFile: 'o', smc: true, accel: 'auto' },
  ],
  [['boot', '--disk', 'a'], 'boot', { disk: ['a'], format: 'shell', dryRun: false, headless: false }],
  [
    ['boot', 'x', '--dry-run', '--format', 'libvirt', '--smc-config', '/s', '--no-smc', '--machine', 'pc'],
    'boot',
    { dryRun: true, format: 'libvirt', smcConfig: '/s', smc: false, machine: 'pc' },
  ],
  [
    ['boot', 'x', '--memory', '4096', '--smp', '4', '--vnc', '0', '--stop-after', '9', '--net', 'virtio'],
    'boot',
    { memory: 4096, smp: 4, vnc: 0, stopAfter: 9, net: 'virtio' },
  ],
  [['boot', 'x', '--web'], 'boot', { what: 'x', web: true }],
  [['boot', 'x', '--web', '6080'], 'boot', { web: 6080 }],
  [
    ['boot', 'x', '--ssh-port', '2222', '--forward', '8080:80', '--forward', '5900:5900'],
    'boot',
    { sshPort: 2222, forward: ['8080:80', '5900:5900'] },
  ],
  [
    ['boot', 'x', '--qemu-arg', '-device', '--qemu-arg=-x', '--loader', 'efi', '--firmware', 'uefi'],
    'boot',
    { qemuArg: ['-device', '-x'], loader: 'efi', firmware: 'uefi' },
  ],
  [['boot', 'yosemite', '--detach', '--grace', '0'], 'boot', { what: 'yosemite', detach: true, grace: 0 }],
  [['guest', 'status', 'g'], 'guestStatus', { guest: 'g' }],
  [['guest', 'stop', 'g', '--now'], 'guestStop', { guest: 'g', now: true }],
  [['guest', 'wait', 'g', '--ssh', '--timeout', '9'], 'guestWait', { guest: 'g', timeout: 9 }],
  [
    ['guest', 'ssh', 'g', '--user', 'u', '--', 'ls', '-l'],
    'guestSsh',
    { guest: 'g', user: 'u', command: ['ls', '-l'] },
  ],
  [['disk', 'create', 'f'], 'diskCreate', { file: 'f', size: '30G' }],
  [['disk', 'create', 'f', '--size', '8G'], 'diskCreate', { file: 'f', size: '8G' }],
  [['doctor', '--release', '10.12'], 'doctor', { release: '10.12' }],
  [['smc', 'OSK0', 'OSK1'], 'smc', { keys: ['OSK0', 'OSK1'], raw: false }],
  [['smc', '--raw', 'REV '], 'smc', { keys: ['REV '], raw: true }],
])('%j', async (argv, name, options) => {
  const { code, seen } = await ran(argv);
  expect({ code, seen }).toMatchObject({ code: 0, seen: { name, options } });
});

test.each([
  [['boot', 'x', '--memory', '0'], /Expected a whole number from 1/],
  [['boot', 'x', '--memory', '2G'], /Expected a whole number/],
  [['boot', 'x', '--smp', '65'], /Expected a whole number from 1 to 64/],
  [['boot', 'x', '--ssh-port', '0'], /Expected a whole number from 1 to 65535/],
  [['boot', 'x', '--ssh-port', '65536'], /Expected a whole number from 1 to 65535/],
  [['boot', '--web', 'x.iso'], /'x.iso' is invalid. Expected a whole number from 1 to 65535/],
  [['boot', 'x', '--web', '--vnc', '1'], /'--web \[port\]' cannot be used with option '--vnc <display>'/],
  [['boot', 'x', '--accel', 'warp'], /Allowed choices are auto, kvm, hvf, tcg/],
  [['boot', 'x', 'y'], /too many arguments/],
  [['disk', 'create'], /missing required argument 'file'/],
  [['smc'], /missing required argument 'key'/],
])('%j is a usage error', async (argv, message) => {
  const { code, err } = await ran(argv);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

describe('help fits 80 columns', () => {
  test.each([['boot'], ['disk'], ['doctor'], ['smc'], ['guest']])('%s', async (command) => {
    const { code, out } = await ran([command, '--help']);
    expect(code).toBe(0);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
