import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/launch/doctor.js';
import type { Finding } from '../../src/launch/finding.js';
import type { Host } from '../../src/launch/host.js';
import { parseCpuInfo, probeHost } from '../../src/launch/host-probe.js';
import { profileOf, profiles } from '../../src/launch/profiles.js';
import { fakeQemu, VERSIONS } from './fake-qemu.js';

const intel = { vendor: 'GenuineIntel', flags: new Set(['vmx', 'ssse3', 'sse4_1', 'sse4_2', 'avx2']) };
const amd = { vendor: 'AuthenticAMD', flags: new Set(['svm', 'ssse3', 'sse4_1', 'sse4_2', 'avx2']) };

/** An Intel Mac with a recent Linux and all that is wanted. */
const good: Host = {
  platform: 'linux',
  arch: 'x64',
  kernel: [6, 1],
  packages: 'apt',
  qemu: fakeQemu('8.2.0'),
  qemuImg: true,
  kvm: 'usable',
  cpu: intel,
  ignoreMsrs: { on: false, writable: true },
  ovmf: { code: '/OVMF_CODE.fd', vars: '/OVMF_VARS.fd' },
  free: { here: 100e9, temporary: 50e9, temporaryFolder: '/var/tmp' },
  apple: 'MacPro6,1',
  smcDriver: false,
  root: false,
  screen: 'X (:0)',
  key: 'OSX_ISO_OSK is set',
  here: ['boot', 'OpenCore-1.0.5-RELEASE.zip', 'Install OS X Yosemite.app'],
};
const without = <K extends keyof Host>(...keys: K[]): Host =>
  Object.fromEntries(Object.entries(good).filter(([key]) => !(keys as string[]).includes(key))) as unknown as Host;

const row = (host: Host, name: string, release = '10.10'): Finding | undefined =>
  diagnose(host, profileOf(release)!).find((finding) => finding.name === name);
const problems = (host: Host, release = '10.10') =>
  diagnose(host, profileOf(release)!)
    .filter(({ state }) => state === 'problem')
    .map(({ name }) => name);

test('a good host is good for every release', () => {
  for (const { release } of profiles) {
    expect(diagnose(good, profileOf(release)!).filter(({ state }) => state !== 'ok')).toEqual([]);
  }
});

test('every problem says what to do', () => {
  const hosts: Host[] = [
    { ...without('qemu', 'ovmf', 'apple', 'packages'), kvm: 'absent', qemuImg: false, kernel: [3, 10] },
    { ...good, cpu: { vendor: 'GenuineIntel', flags: new Set() }, kvm: 'absent' },
  ];
  for (const host of hosts) {
    for (const { release } of profiles) {
      for (const { state, fix } of diagnose(host, profileOf(release)!)) {
        if (state === 'problem') expect(fix?.length).toBeGreaterThan(5);
      }
    }
  }
});

describe('QEMU', () => {
  test.each(VERSIONS)('%s is good for Yosemite', (version) => {
    expect(row({ ...good, qemu: fakeQemu(version) }, 'QEMU')).toMatchObject({ state: 'ok', found: version });
  });

  test('too old for Sierra', () => {
    expect(row({ ...good, qemu: fakeQemu('2.6.0') }, 'QEMU', '10.12')).toMatchObject({
      state: 'problem',
      found: 'Sierra wants QEMU 2.10 or newer; this is 2.6.0.',
    });
  });

  test.each([
    ['apt', 'sudo apt install qemu-system-x86'],
    ['dnf', 'sudo dnf install qemu-system-x86'],
    ['pacman', 'sudo pacman -S qemu-system-x86 qemu-ui-gtk'],
    ['zypper', 'sudo zypper install qemu-x86'],
    ['brew', 'brew install qemu'],
  ] as const)('absent, on a host with %s', (packages, fix) => {
    const host = { ...without('qemu'), packages };
    expect(row(host, 'QEMU')).toMatchObject({
      state: 'problem',
      found: expect.stringContaining('no qemu-system-x86_64'),
      fix,
    });
    expect(row(host, 'AppleSMC in QEMU')).toBeUndefined();
    expect(row(host, 'network')).toBeUndefined();
  });

  test('without isa-applesmc, which OpenCore can do without', () => {
    const host = { ...good, qemu: fakeQemu('6.2.0', { devices: new Set(['ide-hd']) }) };
    expect(row(host, 'AppleSMC in QEMU')?.state).toBe('problem');
    expect(row(host, 'AppleSMC in QEMU', '10.14')?.state).toBe('warning');
  });

  test('without libslirp', () => {
    expect(row({ ...good, qemu: fakeQemu('7.2.0', { userNetwork: false }) }, 'network')?.state).toBe('warning');
  });

  test('without qemu-img', () => {
    expect(row({ ...good, qemuImg: false }, 'qemu-img')).toMatchObject({
      state: 'warning',
      fix: 'sudo apt install qemu-utils',
    });
  });
});

describe('KVM', () => {
  test('forbidden', () => {
    expect(row({ ...good, kvm: 'forbidden' }, 'KVM')).toMatchObject({
      state: 'problem',
      fix: 'sudo usermod -aG kvm "$USER", then log in again.',
    });
  });

  test('absent though the processor could', () => {
    expect(row({ ...good, kvm: 'absent' }, 'KVM')?.fix).toBe('sudo modprobe kvm_intel');
    expect(row({ ...good, kvm: 'absent', cpu: amd }, 'KVM')?.fix).toBe('sudo modprobe kvm_amd');
  });

  test.each([
    ['GenuineIntel', [], "Switch on Intel VT-x in the firmware's settings of this computer."],
    ['AuthenticAMD', [], "Switch on SVM (AMD-V) in the firmware's settings of this computer."],
    ['GenuineIntel', ['hypervisor'], 'This is a virtual machine: switch on nested virtualisation on its host.'],
  ])('absent, and %s shows no virtualisation %j', (vendor, flags, fix) => {
    const host: Host = { ...good, kvm: 'absent', cpu: { vendor, flags: new Set(flags) } };
    expect(row(host, 'virtualisation')).toMatchObject({ state: 'problem', fix });
  });

  test('in a virtual machine', () => {
    const cpu = { ...intel, flags: new Set([...intel.flags, 'hypervisor']) };
    expect(row({ ...good, cpu }, 'nested')?.state).toBe('warning');
    expect(row({ ...good, cpu, kvm: 'absent' }, 'nested')).toBeUndefined();
  });
});

describe('the processor', () => {
  const old: Host['cpu'] = { vendor: 'GenuineIntel', flags: new Set(['vmx', 'ssse3']) };

  test('of AMD is good; the guest sees another name', () => {
    expect(row({ ...good, cpu: amd }, 'processor')).toMatchObject({ state: 'ok' });
    expect(row({ ...good, cpu: amd }, 'processor')?.found).toContain('the guest is told GenuineIntel');
    expect(problems({ ...good, cpu: amd })).toEqual([]);
  });

  test.each([
    ['10.11', 'ok'],
    ['10.12', 'problem'],
    ['10.15', 'problem'],
  ])('without SSE4, for %s: %s', (release, state) => {
    expect(row({ ...good, cpu: old }, 'processor', release)?.state).toBe(state);
  });

  test('without AVX2 is too old for Ventura only', () => {
    const cpu: Host['cpu'] = { vendor: 'GenuineIntel', flags: new Set(['vmx', 'ssse3', 'sse4_1', 'sse4_2']) };
    expect(row({ ...good, cpu }, 'processor', '12')?.state).toBe('ok');
    expect(row({ ...good, cpu }, 'processor', '13')).toMatchObject({ state: 'problem' });
    expect(row({ ...good, cpu }, 'processor', '13')?.found).toContain('without avx2');
  });

  test('does not matter to TCG', () => {
    expect(row({ ...good, cpu: old, kvm: 'absent' }, 'processor', '10.12')?.state).toBe('warning');
  });

  test('is read from /proc/cpuinfo', () => {
    const info =
      'processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu svm ssse3\n\nprocessor\t: 1\nflags\t\t: other\n';
    expect(parseCpuInfo(info)).toEqual({ vendor: 'AuthenticAMD', flags: new Set(['fpu', 'svm', 'ssse3']) });
    expect(parseCpuInfo('')).toEqual({ vendor: 'unknown', flags: new Set(['']) });
  });
});

describe('the kernel', () => {
  const off = { on: false, writable: true };
  const on = { on: true, writable: true };

  test('3.10 (CentOS 7): for Mavericks and older the I/O APIC, for Lion MWAIT, for Yosemite the MSR', () => {
    const host: Host = { ...good, kernel: [3, 10], ignoreMsrs: off };
    expect(problems(host, '10.6')).toEqual(['interrupts', 'MONITOR/MWAIT']);
    expect(problems(host, '10.8')).toEqual(['interrupts']);
    expect(problems(host, '10.9')).toEqual(['interrupts']);
    expect(problems(host, '10.10')).toEqual(['MSR 0x199']);
    expect(row(host, 'interrupts', '10.10')?.state).toBe('warning');
  });

  test('4.4 (Ubuntu 16.04) without ignore_msrs', () => {
    const host: Host = { ...good, kernel: [4, 4], ignoreMsrs: off };
    expect(problems(host, '10.9')).toEqual([]);
    const finding = row(host, 'MSR 0x199');
    expect(finding).toMatchObject({ state: 'problem' });
    expect(finding?.fix).toContain('echo 1 | sudo tee /sys/module/kvm/parameters/ignore_msrs');
    expect(finding?.fix).toContain('/etc/modprobe.d/');
  });

  test('4.4 with ignore_msrs', () => {
    expect(row({ ...good, kernel: [4, 4], ignoreMsrs: on }, 'MSR 0x199')?.state).toBe('ok');
  });

  test('4.4 where ignore_msrs is read-only', () => {
    const host: Host = { ...good, kernel: [4, 4], ignoreMsrs: { on: false, writable: false } };
    expect(row(host, 'MSR 0x199')?.fix).toMatch(/read-only here/);
  });

  test('4.7 needs it no more, and is better without', () => {
    expect(row({ ...good, kernel: [4, 7] }, 'MSR 0x199')?.state).toBe('ok');
    expect(row({ ...good, kernel: [6, 8], ignoreMsrs: on }, 'MSR 0x199')).toMatchObject({
      state: 'warning',
      fix: 'echo 0 | sudo tee /sys/module/kvm/parameters/ignore_msrs',
    });
    expect(row({ ...without('ignoreMsrs'), kernel: [6, 8] }, 'MSR 0x199')?.state).toBe('ok');
  });

  test.each([
    [[3, 14], 'problem'],
    [[3, 15], 'problem'],
    [[3, 16], 'ok'],
    [[10, 1], 'ok'],
  ] as const)('%j and MWAIT: %s', (kernel, state) => {
    expect(row({ ...good, kernel }, 'MONITOR/MWAIT', '10.7')?.state).toBe(state);
  });
});

describe('what else there is', () => {
  test('UEFI firmware, where the release is started by it', () => {
    expect(row(without('ovmf'), 'UEFI firmware')).toMatchObject({ state: 'ok' });
    expect(row(without('ovmf'), 'UEFI firmware', '10.13')).toMatchObject({
      state: 'problem',
      fix: 'sudo apt install ovmf',
    });
  });

  test.each([
    [5e9, 50e9, 'problem'],
    [20e9, 50e9, 'warning'],
    [100e9, 0.5e9, 'warning'],
    [100e9, 50e9, 'ok'],
  ])('disk space: %d here, %d for temporary files: %s', (here, temporary, state) => {
    expect(row({ ...good, free: { here, temporary, temporaryFolder: '/tmp' } }, 'disk space')?.state).toBe(state);
  });

  test('Apple hardware: the licence, and the key', () => {
    expect(row(good, 'OSK')).toMatchObject({ state: 'ok', found: 'can be read: sudo osx-iso smc OSK0 OSK1' });
    expect(row({ ...good, smcDriver: true }, 'OSK')?.fix).toContain('sudo modprobe -r applesmc');
    expect(row(without('apple'), 'Apple hardware')?.state).toBe('warning');
    expect(row(without('apple'), 'OSK')).toBeUndefined();
    expect(problems(without('apple'))).toEqual([]);
  });
});

describe('a Mac', () => {
  const { kernel: _, ...rest } = good;
  const mac: Host = {
    ...rest,
    platform: 'darwin',
    packages: 'brew',
    kvm: 'absent',
    qemu: fakeQemu('8.2.0', { accelerators: new Set(['hvf', 'tcg']) }),
    root: true,
    mac: { hdiutil: true, fullDiskAccess: true },
  };

  test('with everything', () => {
    expect(diagnose(mac, profileOf('10.10')!).filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(row(mac, 'KVM')).toBeUndefined();
  });

  test.each([
    [{ root: false }, 'root', 'warning'],
    [{ mac: { hdiutil: false, fullDiskAccess: true } }, 'hdiutil', 'warning'],
    [{ mac: { hdiutil: true, fullDiskAccess: false } }, 'Full Disk Access', 'warning'],
    [{ qemu: fakeQemu('8.2.0') }, 'hvf', 'problem'],
    [{ arch: 'arm64' }, 'hvf', 'problem'],
  ] as const)('%j: %s is a %s', (more, name, state) => {
    expect(row({ ...mac, ...more }, name)).toMatchObject({ state, fix: expect.stringMatching(/./) });
  });
});

test('this very computer can be looked at', async () => {
  const host = await probeHost(undefined, new AbortController().signal);
  expect(host.platform).toBe(process.platform);
  expect(host.free.here).toBeGreaterThan(0);
  expect(diagnose(host, profileOf('10.10')!).length).toBeGreaterThan(3);
});

describe('what whoever starts a guest gives', () => {
  test.each([
    ['display', 'screen', /neither DISPLAY nor WAYLAND_DISPLAY/, /--vnc 0/],
    ['key', 'key', /none was found/, /--osk-file FILE/],
  ] as const)('%s: missing is no fault of the computer', (name, key, found, fix) => {
    const { apple: _, ...host } = without(key);
    expect(row(host, name)).toMatchObject({
      state: 'warning',
      found: expect.stringMatching(found),
      fix: expect.stringMatching(fix),
    });
    expect(row(good, name)?.state).toBe('ok');
  });

  test('a loader and an installer, by the names they have where they come from', () => {
    expect(row(good, 'loader')).toMatchObject({ state: 'ok', found: 'boot' });
    expect(row(good, 'loader', '10.15')).toMatchObject({ state: 'ok', found: 'OpenCore-1.0.5-RELEASE.zip' });
    expect(row(good, 'installer')).toMatchObject({ state: 'ok', found: 'Install OS X Yosemite.app' });
    const nothing = { ...good, here: ['x.iso'] };
    expect(row(nothing, 'loader')?.fix).toContain('registration');
    expect(row(nothing, 'installer')?.fix).toContain('osx-iso build 10.10');
    expect(row(nothing, 'installer', '10.9')?.fix).toContain('no public page');
    expect(row({ ...good, here: ['x.iso', 'x.iso.json'] }, 'installer')?.found).toBe('x.iso');
  });

  test('a QEMU that opens no windows', () => {
    const host = { ...good, qemu: fakeQemu('7.2.0', { displays: new Set(['none', 'curses']) }) };
    expect(row(host, 'display')).toMatchObject({ state: 'warning', fix: expect.stringContaining('qemu-system-gui') });
  });
});

test('/dev/kvm that is only forbidden says nothing of the processor', () => {
  const host = { ...good, kvm: 'forbidden', cpu: { vendor: 'GenuineIntel', flags: new Set(['ssse3']) } } as const;
  expect(row(host, 'virtualisation')?.state).toBe('ok');
  expect(problems(host)).toEqual(['KVM']);
});
