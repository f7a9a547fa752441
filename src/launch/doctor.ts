import { gettingInstaller, gettingLoader } from '../known/getting.js';
import { type Starter, startersOf } from '../known/loaders.js';
import { INSTALLER_NAME } from '../known/names.js';
import { DARWIN_CHECKS } from './doctor-darwin.js';
import { LINUX_CHECKS } from './doctor-linux.js';
import { type Check, type Finding, ok, problem, rowOf, warning } from './finding.js';
import type { Host } from './host.js';
import { install } from './install.js';
import { noWindow } from './needs/display.js';
import { noQemu, noSmc, oldQemu } from './needs/qemu.js';
import { OSK_HINT } from './osk.js';
import type { Profile } from './profiles.js';

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
    look(host, profile) {
      if (!host.qemu) return rowOf(noQemu(undefined, host));
      const old = oldQemu(host, profile);
      return old === undefined ? ok(host.qemu.version.join('.')) : problem(old, install('qemu', host));
    },
  },
  {
    name: 'AppleSMC in QEMU',
    look({ qemu }, { release }) {
      if (!qemu) return undefined;
      const without = noSmc({ qemu });
      // With OpenCore a kext may stand in for it.
      return without ? rowOf(without, needsUefi(release) ? 'warning' : 'problem') : ok('isa-applesmc is there');
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

/** What a guest is made of, and whoever starts one gives: not found here is no fault of this computer. */
const GIVEN: readonly Check[] = [
  {
    name: 'display',
    look(host) {
      const without = noWindow(host);
      return without ? rowOf(without, 'warning') : ok(host.screen ?? '');
    },
  },
  {
    name: 'loader',
    look({ here }, profile) {
      const wanted = LOADER_NAMES.filter(([starter]) => startersOf(profile.release).some((by) => by === starter));
      const found = here.find((name) => wanted.some(([, pattern]) => pattern.test(name)));
      return found === undefined ? warning('none in this folder', gettingLoader(profile.release)) : ok(found);
    },
  },
  {
    name: 'key',
    look({ key, apple }) {
      if (key) return ok(key);
      return apple === undefined ? warning('none was found', OSK_HINT) : undefined;
    },
  },
  {
    name: 'installer',
    look({ here }, { release }) {
      const found = here.find(
        (name) => INSTALLER_NAME.test(name) || (/\.iso$/i.test(name) && here.includes(`${name}.json`)),
      );
      return found === undefined ? warning('none in this folder', gettingInstaller(release)) : ok(found);
    },
  },
];

/** What loaders are called where they come from. */
const LOADER_NAMES: readonly (readonly [Starter, RegExp])[] = [
  ['opencore', /^OpenCore-.*\.zip$/i],
  ['chameleon', /^(boot|(chameleon|enoch)_.*boot)$/i],
  ['enoch', /^(boot|enoch_.*boot)$/i],
];

/** Judges a host for a release: every row that has something to say. */
export function diagnose(host: Host, profile: Profile): Finding[] {
  const own = host.platform === 'darwin' ? DARWIN_CHECKS : host.platform === 'linux' ? LINUX_CHECKS : [];
  return [...CHECKS, ...own, ...GIVEN].flatMap(({ name, look }) => {
    const finding = look(host, profile);
    return finding ? [{ name, ...finding }] : [];
  });
}
