import { startersOf } from '../known/loaders.js';
import { atLeast } from './capabilities.js';
import { DARWIN_CHECKS } from './doctor-darwin.js';
import { LINUX_CHECKS } from './doctor-linux.js';
import { type Check, type Finding, ok, problem, warning } from './finding.js';
import type { Host, PackageManager } from './host.js';
import type { Profile } from './profiles.js';

const INSTALL: Readonly<Record<PackageManager, string>> = {
  apt: 'sudo apt install',
  dnf: 'sudo dnf install',
  pacman: 'sudo pacman -S',
  zypper: 'sudo zypper install',
  brew: 'brew install',
};

/** What packages are called. */
const PACKAGES = {
  qemu: {
    apt: 'qemu-system-x86',
    dnf: 'qemu-system-x86',
    pacman: 'qemu-system-x86 qemu-ui-gtk',
    zypper: 'qemu-x86',
    brew: 'qemu',
  },
  qemuImg: { apt: 'qemu-utils', dnf: 'qemu-img', pacman: 'qemu-img', zypper: 'qemu-tools', brew: 'qemu' },
  ovmf: { apt: 'ovmf', dnf: 'edk2-ovmf', pacman: 'edk2-ovmf', zypper: 'qemu-ovmf-x86_64', brew: 'qemu' },
} as const;

/** "sudo apt install ovmf" */
export function install(what: keyof typeof PACKAGES, { packages }: Host): string {
  return packages ? `${INSTALL[packages]} ${PACKAGES[what][packages]}` : `Install ${PACKAGES[what].apt}.`;
}

/** No loader for the BIOS starts it. */
function needsUefi(release: string): boolean {
  return startersOf(release).every((starter) => starter === 'opencore');
}

const GB = 1e9;
/** The installed system and what it needs while it installs. */
const DISK_LEAST = 15 * GB;
const DISK_COMFORT = 40 * GB;
/** What an installer writes to its medium's snapshot. */
const SNAPSHOT_LEAST = 1 * GB;

const CHECKS: readonly Check[] = [
  {
    name: 'QEMU',
    look(host, { qemu: [major, minor], release, name }) {
      if (!host.qemu) return problem('not found', install('qemu', host));
      const { version } = host.qemu;
      const found = version.join('.');
      if (atLeast(version, major, minor)) return ok(found);
      return problem(`${found}; ${name} (${release}) wants ${major}.${minor} or newer`, install('qemu', host));
    },
  },
  {
    name: 'AppleSMC in QEMU',
    look({ qemu }, { release }) {
      if (!qemu) return undefined;
      if (qemu.devices.has('isa-applesmc')) return ok('isa-applesmc is there');
      const found = 'isa-applesmc was left out of this QEMU, as RHEL and CentOS do';
      const fix = 'Take a QEMU that was built with it: the distribution of another system, or qemu.org.';
      // With OpenCore a kext may stand in for it.
      return needsUefi(release) ? warning(found, fix) : problem(found, fix);
    },
  },
  {
    name: 'network',
    look({ qemu }) {
      if (!qemu) return undefined;
      if (qemu.userNetwork) return ok('user-mode networking is there (libslirp)');
      return warning('QEMU was built without libslirp: the guest has no network', 'Take a QEMU with libslirp.');
    },
  },
  {
    name: 'qemu-img',
    look: (host) =>
      host.qemuImg ? ok('found') : warning('not found: it makes and examines disks', install('qemuImg', host)),
  },
  {
    name: 'UEFI firmware',
    look(host, { release }) {
      if (host.ovmf) return ok(host.ovmf.code);
      if (!needsUefi(release)) return ok(`not found; ${release} needs it only with --opencore`);
      return problem(`OVMF not found; ${release} is started by OpenCore only`, install('ovmf', host));
    },
  },
  {
    name: 'disk space',
    look({ free }) {
      const here = `${(free.here / GB).toFixed(1)} GB here`;
      if (free.here < DISK_LEAST)
        return problem(here, `Free ${((DISK_LEAST - free.here) / GB).toFixed(1)} GB, or work in another folder.`);
      if (free.temporary < SNAPSHOT_LEAST) {
        const found = `${(free.temporary / GB).toFixed(1)} GB in ${free.temporaryFolder}, where the installer's writes go`;
        return warning(found, 'Set TMPDIR to a folder with more space.');
      }
      return free.here < DISK_COMFORT ? warning(`${here}: a guest's disk may grow to 30 GB and more`) : ok(here);
    },
  },
];

/** Judges a host for a release: every row that has something to say. */
export function diagnose(host: Host, profile: Profile): Finding[] {
  const own = host.platform === 'darwin' ? DARWIN_CHECKS : host.platform === 'linux' ? LINUX_CHECKS : [];
  return [...CHECKS, ...own].flatMap(({ name, look }) => {
    const finding = look(host, profile);
    return finding ? [{ name, ...finding }] : [];
  });
}
