import {
  attach,
  convert,
  copyExtra,
  detach,
  expectKernel,
  type Recipe,
  rename,
  resize,
  verify,
  writePlist,
} from '../src/steps/index.js';

const GiB = 2 ** 30;

/**
 * OS X 10.8: InstallESD.dmg is bootable itself, as that of 10.7 is: the kernel, a kernel cache and boot.efi lie on it beside the packages and
 * BaseSystem.dmg. It only has to become a raw disk, with Chameleon's plist on it.
 */
export const mountainLion: Recipe = [
  convert('app:/Contents/SharedSupport/InstallESD.dmg', 'sparse', { as: 'target' }),
  resize('target', 8 * GiB),
  attach('target'),
  expectKernel('target:/mach_kernel'),
  copyExtra('extra:', 'target:/Extra'), // kexts, smbios.plist, themes: what is given with --extra
  writePlist('templates:/installer.plist', 'target:/Extra/org.chameleon.Boot.plist'),
  detach('target'),
  resize('target', 'minimum'),
  convert('target', 'iso', { to: 'out:' }),
  verify('out:'),
  rename('out:', 'iso:'),
];
