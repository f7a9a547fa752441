import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libvirtXml } from '../../src/launch/handover/libvirt.js';
import { type Choice, makeMachine } from '../../src/launch/machine.js';
import { profiles } from '../../src/launch/profiles.js';
import { needs } from '../helpers/judges/needs.js';
import { run, scratch } from '../helpers/judges/tool.js';
import { fakeQemu } from './fake-qemu.js';

const choice: Choice = {
  firmware: { kind: 'bios', loader: '/boot & <more>', append: 'timeout=5' },
  iso: '/Install "OS X" Yosemite.iso',
  disks: [{ file: '/hdd.qcow2', format: 'qcow2' }],
};
const xml = (more: Choice, version = '8.2.0') =>
  libvirtXml(makeMachine({ ...choice, ...more }), fakeQemu(version), '/etc/smc.cfg');

const machines: readonly [string, Choice][] = [
  ['q35', {}],
  ['pc', { chipset: 'pc' }],
  ['SMP', { processors: 4 }],
  ['virtio with its driver', { release: '10.9', network: 'virtio-net-pci', folder: '/drivers' }],
  ['no network, VNC, serial port', { network: 'none', display: { kind: 'vnc', number: 7 }, serial: '/s.log' }],
  ['no screen, TCG, no SMC', { display: { kind: 'none' }, accelerator: 'tcg', smc: false }],
  [
    'UEFI with a folder',
    {
      release: '10.15',
      firmware: { kind: 'uefi', code: '/CODE.fd', vars: '/VARS.fd', varsReadOnly: true },
      loaderDisk: { file: '/efi', format: 'folder' },
    },
  ],
  [
    'UEFI with an image and two disks',
    {
      release: '13',
      firmware: { kind: 'uefi', code: '/CODE.fd', vars: '/VARS.fd', varsReadOnly: false },
      loaderDisk: { file: '/oc.img', format: 'raw' },
      disks: [
        { file: '/a', format: 'raw' },
        { file: '/b', format: 'qcow2' },
      ],
    },
  ],
  ['Snow Leopard', { release: '10.6' }],
  ['Snow Leopard on pc', { release: '10.6', chipset: 'pc' }],
  ['addresses of its own', { mac: '52:54:00:12:34:56', uuid: '11111111-2222-4333-8444-555555555555' }],
  ['hvf', { accelerator: 'hvf', clock: '2019-10-08', extra: ['-d', 'guest_errors'] }],
];

describe('libvirt’s own schema accepts', () => {
  test.for(machines)('%s', async ([, more], context) => {
    needs(context, 'virt-xml-validate');
    const file = join(scratch('domain'), 'domain.xml');
    writeFileSync(file, xml(more));
    const { status, stderr, stdout } = await run('virt-xml-validate', [file, 'domain']);
    expect({ status, stderr, stdout: stdout.toString() }).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/ validates\n$/),
    });
  });

  test('every release', async (context) => {
    needs(context, 'virt-xml-validate');
    const folder = scratch('domains');
    for (const { release } of profiles) {
      const file = join(folder, `${release}.xml`);
      writeFileSync(file, xml({ release }));
      expect(await run('virt-xml-validate', [file, 'domain'])).toMatchObject({ status: 0 });
    }
  });

  test('not just anything', async (context) => {
    needs(context, 'virt-xml-validate');
    const file = join(scratch('domain'), 'domain.xml');
    writeFileSync(file, xml({}).replace('<devices>', '<devices><nonsense/>'));
    expect((await run('virt-xml-validate', [file, 'domain'])).status).not.toBe(0);
  });
});

test('Yosemite on q35, whole', async () => {
  await expect(xml({})).toMatchFileSnapshot(join(import.meta.dirname, 'golden', 'yosemite-q35.xml'));
});

test('the key is a file’s name', () => {
  const text = xml({});
  expect(text).toContain('<qemu:arg value="-readconfig"/>\n    <qemu:arg value="/etc/smc.cfg"/>');
  expect(text).not.toMatch(/osk/i);
});

test('characters that XML does not take as they are', () => {
  expect(xml({})).toContain('<kernel>/boot &amp; &lt;more&gt;</kernel>');
  expect(xml({})).toContain('file="/Install &quot;OS X&quot; Yosemite.iso"');
  // Without the character it would be another file.
  expect(() => xml({ iso: '/a\u0007b' })).toThrow(
    /"\/a\\u0007b" cannot be written in XML, which has no character U\+0007/,
  );
});
