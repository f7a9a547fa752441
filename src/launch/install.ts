import type { Host, PackageManager } from './host.js';

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
  qemuGui: {
    apt: 'qemu-system-gui',
    dnf: 'qemu-ui-gtk',
    pacman: 'qemu-ui-gtk',
    zypper: 'qemu-ui-gtk',
    brew: 'qemu',
  },
  qemuImg: { apt: 'qemu-utils', dnf: 'qemu-img', pacman: 'qemu-img', zypper: 'qemu-tools', brew: 'qemu' },
  ovmf: { apt: 'ovmf', dnf: 'edk2-ovmf', pacman: 'edk2-ovmf', zypper: 'qemu-ovmf-x86_64', brew: 'qemu' },
} as const;

/** "sudo apt install ovmf" */
export function install(what: keyof typeof PACKAGES, { packages }: Pick<Host, 'packages'>): string {
  return packages ? `${INSTALL[packages]} ${PACKAGES[what][packages]}` : `Install ${PACKAGES[what].apt}.`;
}
