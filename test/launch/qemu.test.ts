import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Choice, makeMachine } from '../../src/launch/machine.js';
import { profileOf, profiles } from '../../src/launch/profiles.js';
import { qemuArgs } from '../../src/launch/qemu.js';
import { fakeQemu, VERSIONS } from './fake-qemu.js';

const choice: Choice = {
  firmware: { kind: 'bios', loader: '/boot' },
  iso: '/x.iso',
  disks: [{ file: '/hdd.qcow2', format: 'qcow2' }],
};
const line = (release: string, chipset: 'q35' | 'pc', version: string) =>
  options(qemuArgs(makeMachine({ ...choice, release, chipset }), fakeQemu(version), { smcConfig: '/dev/fd/3' }));

function options(argv: readonly string[]): string[] {
  const found: string[] = [];
  for (const word of argv) found.push(word.startsWith('-') || found.length === 0 ? word : `${found.pop()} ${word}`);
  return found;
}

test('every release on every chipset and version of QEMU', async () => {
  const base = line('10.10', 'q35', '7.2.22');
  const rows = [`10.10 q35 7.2.22 = ${base.join(' ')}`];
  for (const { release } of profiles) {
    for (const chipset of ['q35', 'pc'] as const) {
      for (const version of VERSIONS) {
        const own = line(release, chipset, version);
        const less = base.filter((option) => !own.includes(option)).map((option) => `  - ${option}`);
        const more = own.filter((option) => !base.includes(option)).map((option) => `  + ${option}`);
        rows.push('', `${release} ${chipset} ${version}`, ...less, ...more);
      }
    }
  }
  await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'golden', 'qemu-args.txt'));
});

test('nothing that newer versions removed is in any line', () => {
  for (const { release } of profiles) {
    for (const chipset of ['q35', 'pc'] as const) {
      for (const version of VERSIONS) {
        const text = line(release, chipset, version).join('\n');
        expect(text).not.toMatch(/ide-drive|-no-hpet|-no-acpi|-enable-kvm|-usbdevice|pc-q35-|ide-cd|sga|media=/);
        if (!/^[78910]/.test(version) || version.startsWith('2')) expect(text).not.toContain('smbios-entry-point-type');
      }
    }
  }
});

describe('a machine', () => {
  const args = (more: Choice, version = '7.2.22') => qemuArgs(makeMachine({ ...choice, ...more }), fakeQemu(version));

  test('without SMC, network, window', () => {
    const text = args({ smc: false, network: 'none', display: { kind: 'none' } }).join(' ');
    expect(text).toContain('-display none');
    expect(text).not.toMatch(/readconfig|netdev/);
  });

  test('never has the SMC on its command line but by a configuration', () => {
    expect(args({}).join(' ')).not.toContain('applesmc');
  });

  test('shows its screen on the loopback interface only', () => {
    expect(args({ display: { kind: 'vnc', number: 3 } }).join(' ')).toContain('-display none -vnc 127.0.0.1:3');
    const web = qemuArgs(makeMachine({ ...choice, display: { kind: 'web' } }), fakeQemu('8.2.0'), {
      vnc: '/a=b,c/vnc',
    });
    expect(web.join(' ')).toContain('-display none -vnc vnc=unix:/a=b,,c/vnc');
  });

  test('has a tablet where QEMU and the release know it, on EHCI', () => {
    const pointer = (more: Choice, version?: string) => /usb-(mouse|tablet)/.exec(args(more, version).join(' '))?.[1];
    expect(pointer({ release: '10.9' })).toBe('tablet');
    expect(pointer({ release: '10.9' }, '2.8.0')).toBe('mouse');
    expect(pointer({ release: '10.9', chipset: 'pc' })).toBe('mouse');
    expect(pointer({ release: '10.8' })).toBe('mouse');
  });

  test('of 10.6 has no UHCI under KVM', () => {
    const text = (more: Choice) => args({ release: '10.6', ...more }).join(' ');
    const alone = '-device ich9-usb-ehci1,id=ehci,addr=1d -device usb-kbd,bus=ehci.0 -device usb-mouse,bus=ehci.0';
    expect(text({})).toContain(alone);
    expect(text({})).not.toContain('-usb ');
    expect(text({ chipset: 'pc' })).toContain(alone.replace('1d', '7'));
    expect(text({ accelerator: 'tcg' })).toContain('-usb -device usb-kbd -device usb-mouse');
  });

  test('never has XHCI', () => {
    for (const { release } of profiles) expect(args({ release }).join(' ')).not.toContain('xhci');
  });

  test('has the host’s local time, or the date that was asked for', () => {
    expect(args({}).join(' ')).toContain('-rtc base=localtime');
    expect(args({ clock: '2019-10-08' }).join(' ')).toContain('-rtc base=2019-10-08');
    expect(args({ clock: '2019-10-08' }).join(' ')).not.toContain('localtime');
  });

  test('is reached by ports of the loopback interface, and has addresses of its own', () => {
    const forwards = [
      { host: 2222, guest: 22 },
      { host: 8080, guest: 80 },
    ];
    const text = args({ forwards, mac: '52:54:00:12:34:56', uuid: '11111111-2222-4333-8444-555555555555' }).join(' ');
    expect(text).toContain('user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=tcp:127.0.0.1:8080-:80 ');
    expect(text).toContain('e1000-82545em,netdev=net0,id=mac_vnet0,mac=52:54:00:12:34:56');
    expect(text).toContain('-uuid 11111111-2222-4333-8444-555555555555');
  });

  test('starts by UEFI: flash, a loader’s disk first, every disk with its place in the order', () => {
    const text = args({
      firmware: { kind: 'uefi', code: '/CODE.fd', vars: '/VARS.fd', varsReadOnly: true },
      loaderDisk: { file: '/efi', format: 'folder' },
    }).join(' ');
    expect(text).toContain('-drive if=pflash,unit=0,format=raw,readonly=on,file=/CODE.fd');
    expect(text).toContain('-drive if=pflash,unit=1,format=raw,snapshot=on,file=/VARS.fd');
    expect(text).toContain('-drive id=Loader,if=none,driver=vvfat,readonly=on,dir=/efi');
    expect(text).toContain('-device usb-storage,drive=Loader,bootindex=0');
    expect(text).toContain('bus=ide.2,drive=MacHDD,bootindex=1');
    expect(text).toContain('bus=ide.0,drive=MacDVD,bootindex=2');
    expect(text).not.toContain('-kernel');
  });

  test('has a loader image on a port of its own, never written to', () => {
    const text = args({
      firmware: { kind: 'uefi', code: '/CODE.fd', vars: '/mine.fd', varsReadOnly: false },
      loaderDisk: { file: '/OpenCore.qcow2', format: 'qcow2' },
    }).join(' ');
    expect(text).toContain('unit=1,format=raw,file=/mine.fd');
    expect(text).toContain('id=Loader,if=none,format=qcow2,snapshot=on,file=/OpenCore.qcow2');
    expect(text).toContain('bus=ide.1,drive=Loader,bootindex=0');
  });

  test('has a processor as the manifest says', () => {
    expect(args({ cpu: 'Penryn,vendor=GenuineIntel,+sse4.2' })).toContain('Penryn,vendor=GenuineIntel,+sse4.2');
  });

  test('starts without network where QEMU has no libslirp', () => {
    const capabilities = fakeQemu('7.2.0', { userNetwork: false });
    expect(qemuArgs(makeMachine(choice), capabilities).join(' ')).not.toContain('netdev');
  });

  test('takes ide-drive only from a QEMU that has nothing else', () => {
    const capabilities = fakeQemu('0.14.0', { devices: new Set(['ide-drive']) });
    expect(qemuArgs(makeMachine(choice), capabilities).join(' ')).toContain('ide-drive,bus=ide.2');
  });

  test.each([
    [1, undefined],
    [2, '2,sockets=1,cores=2,threads=1'],
    [3, '3,sockets=1,cores=3,threads=1'],
    [4, '4,sockets=2,cores=2,threads=1'],
    [8, '8,sockets=4,cores=2,threads=1'],
  ])('with %i processors', (processors, words) => {
    const argv = args({ processors });
    expect(argv[argv.indexOf('-smp') + 1]).toBe(words ?? argv[0]);
  });
});

test.each([
  ['10.10', 'Yosemite'],
  ['10.10.5', 'Yosemite'],
  ['Sierra', 'Sierra'],
  ['high sierra', 'High Sierra'],
  ['11.7.10', 'Big Sur'],
  ['10.1', undefined],
  ['14', undefined],
])('the profile of %s', (given, name) => {
  expect(profileOf(given)?.name).toBe(name);
});
