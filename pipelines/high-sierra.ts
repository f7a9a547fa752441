import {
  attach,
  convert,
  copy,
  copyExtra,
  detach,
  expectKernel,
  makeWay,
  openPackage,
  type Recipe,
  rename,
  resize,
  verify,
  writePlist,
} from '../src/steps/index.js';

const GiB = 2 ** 30;

/**
 * macOS 10.13: BaseSystem.dmg and its chunklist have moved beside InstallESD.dmg. The kernel is in Core.pkg or in Essentials.pkg:
 * sources differ. Others copy into /System/Installation/Packages without removing anything, so it need not be a link.
 */
export const highSierra: Recipe = [
  attach('app:/Contents/SharedSupport/InstallESD.dmg', { as: 'esd', readOnly: true }),
  convert('app:/Contents/SharedSupport/BaseSystem.dmg', 'sparse', { as: 'target' }),
  resize('target', 16 * GiB),
  attach('target'),
  makeWay('target:/System/Installation/Packages'), // a link, a folder, or not there
  copy('esd:/Packages', 'target:/System/Installation/Packages'),
  copy('app:/Contents/SharedSupport/BaseSystem.chunklist', 'target:/BaseSystem.chunklist'),
  copy('app:/Contents/SharedSupport/BaseSystem.dmg', 'target:/BaseSystem.dmg', {
    chunklist: 'app:/Contents/SharedSupport/BaseSystem.chunklist',
  }),
  openPackage(['esd:/Packages/Core.pkg', 'esd:/Packages/Essentials.pkg'], {
    as: 'kernel',
    wants: '/System/Library/Kernels/kernel',
  }),
  copy('kernel:/System/Library/Kernels', 'target:/System/Library/Kernels'),
  expectKernel('target:/System/Library/Kernels/kernel'),
  copyExtra('extra:', 'target:/Extra'), // kexts, smbios.plist, themes: what is given with --extra
  writePlist('templates:/installer.plist', 'target:/Extra/org.chameleon.Boot.plist'),
  detach('kernel'),
  detach('esd'),
  detach('target'),
  resize('target', 'minimum'),
  convert('target', 'iso', { to: 'out:' }),
  verify('out:'),
  rename('out:', 'iso:'),
];
