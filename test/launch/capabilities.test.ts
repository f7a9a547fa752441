import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  atLeast,
  capabilitiesOf,
  parseAccelerators,
  parseDevices,
  parseMachineProperties,
  parseVersion,
} from '../../src/launch/capabilities.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';

test.each([
  ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright…', [7, 2, 22]],
  ['QEMU emulator version 2.6.0, Copyright (c) 2003-2008 Fabrice Bellard', [2, 6, 0]],
  ['QEMU emulator version 10.0.2', [10, 0, 2]],
  ['QEMU emulator version 9.1.50 (v9.1.0-1234-gabcdef)', [9, 1, 50]],
  ['something else', undefined],
])('the version in %j', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

test('versions are compared by number', () => {
  expect(atLeast([10, 0, 0], 9, 2)).toBe(true);
  expect(atLeast([8, 1, 0], 8, 1)).toBe(true);
  expect(atLeast([8, 0, 9], 8, 1)).toBe(false);
});

test('devices and their aliases', () => {
  const text =
    'Network devices:\nname "virtio-net-pci", bus PCI, alias "virtio-net"\nname "e1000", bus PCI, alias "e1000-82540em", desc "Intel"\n';
  expect([...parseDevices(text)]).toEqual(['virtio-net-pci', 'virtio-net', 'e1000', 'e1000-82540em']);
});

test('properties of a machine, as new and old versions list them', () => {
  expect([
    ...parseMachineProperties('q35 options:\n  smbios-entry-point-type=<str> - SMBIOS\n  vmport=<OnOffAuto>     - x\n'),
  ]).toEqual(['smbios-entry-point-type', 'vmport']);
  expect([...parseMachineProperties('pc-q35-2.6.vmport=OnOffAuto (Enable vmport)\n')]).toEqual(['vmport']);
});

test('accelerators', () => {
  expect([...parseAccelerators('Accelerators supported in QEMU binary:\ntcg\nkvm\n')]).toEqual(['tcg', 'kvm']);
  expect([...parseAccelerators('Possible accelerators: kvm, xen, hax, tcg\n')]).toEqual(['kvm', 'xen', 'hax', 'tcg']);
});

describe('the installed QEMU', () => {
  test('says what it can do', async (context) => {
    needs(context, 'qemu-system-x86_64');
    const found = await capabilitiesOf();
    expect(found?.version[0]).toBeGreaterThan(4);
    for (const name of ['isa-applesmc', 'ide-hd', 'usb-storage', 'e1000-82545em', 'vmxnet3']) {
      expect(found?.devices).toContain(name);
    }
    expect(found?.accelerators).toContain('tcg');
    expect(found?.machineProperties).toContain('vmport');
    expect(found?.userNetwork).toBe(true);
  });

  test('of one name on two paths are two', async () => {
    const [before, folder] = [await capabilitiesOf(), scratch('another')];
    writeFileSync(join(folder, 'qemu-system-x86_64'), "#!/bin/sh\necho 'QEMU emulator version 99.1.0'\n");
    chmodSync(join(folder, 'qemu-system-x86_64'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    expect((await capabilitiesOf())?.version).toEqual([99, 1, 0]);
    vi.unstubAllEnvs();
    expect(await capabilitiesOf()).toBe(before);
  });

  test('is asked once', async () => {
    const folder = scratch('qemu');
    const program = join(folder, 'qe mu');
    writeFileSync(program, `#!/bin/sh\necho "$*" >>'${folder}/asked'\necho 'QEMU emulator version 9.2.0'\n`);
    chmodSync(program, 0o755);
    const answers = await Promise.all([capabilitiesOf(program), capabilitiesOf(program)]);
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]?.version).toEqual([9, 2, 0]);
    expect(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').sort()).toEqual([
      '--version',
      '-accel help',
      '-device help',
      '-display help',
      '-machine q35,help',
      '-netdev help',
    ]);
  });

  test('may be absent', async () => {
    expect(await capabilitiesOf('/nowhere/qemu')).toBeUndefined();
  });
});
