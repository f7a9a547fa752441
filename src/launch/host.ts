import type { Capabilities } from './capabilities.js';
import type { Ovmf } from './ovmf.js';

export type PackageManager = 'apt' | 'dnf' | 'pacman' | 'zypper' | 'brew';

/** What is known about the computer a guest would run on, as plain data: `probeHost` asks, `diagnose` judges. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Linux: "4.4". */
  readonly kernel?: readonly [major: number, minor: number];
  readonly packages?: PackageManager;
  readonly qemu?: Capabilities;
  readonly qemuImg: boolean;
  /** Linux: what may be done with /dev/kvm. */
  readonly kvm: 'usable' | 'forbidden' | 'absent';
  /** vendor: "GenuineIntel", "AuthenticAMD". flags: as /proc/cpuinfo names them. */
  readonly cpu: { readonly vendor: string; readonly flags: ReadonlySet<string> };
  /** kvm's parameter ignore_msrs; undefined where the module is not there. */
  readonly ignoreMsrs?: { readonly on: boolean; readonly writable: boolean };
  readonly ovmf?: Ovmf;
  /** Bytes free in the current folder, and in the folder for what a guest writes to a snapshot. */
  readonly free: { readonly here: number; readonly temporary: number; readonly temporaryFolder: string };
  /** "MacPro6,1"; undefined where the computer is not Apple's. */
  readonly apple?: string;
  /** Linux: the applesmc driver holds the SMC's ports. */
  readonly smcDriver: boolean;
  readonly root: boolean;
  /** Where windows appear: "DISPLAY=:0", "Wayland"; undefined where there is no such place. */
  readonly screen?: string;
  /** Where a key for the SMC was found: "OSX_ISO_OSK is set". */
  readonly key?: string;
  /** Names in the current folder, as many as are looked at. */
  readonly here: readonly string[];
  /** A Mac's own. */
  readonly mac?: { readonly hdiutil: boolean; readonly fullDiskAccess: boolean };
}
