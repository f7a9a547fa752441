import { attach, convert, detach, expectKernel, type Recipe, rename, verify } from '../src/steps/index.js';

/**
 * Mac OS X 10.7: InstallESD.dmg is bootable itself: the kernel, a kernel cache and boot.efi lie on it beside the packages and
 * BaseSystem.dmg. It only has to become a raw disk.
 */
export const lion: Recipe = [
  attach('app:/Contents/SharedSupport/InstallESD.dmg', { as: 'esd', readOnly: true }),
  expectKernel('esd:/mach_kernel'),
  detach('esd'),
  convert('esd', 'iso', { to: 'out:', map: 'keep' }),
  verify('out:'),
  rename('out:', 'iso:'),
];
