import {
  attach,
  convert,
  copy,
  copyExtra,
  detach,
  expectKernel,
  openPackage,
  type Recipe,
  remove,
  rename,
  resize,
  verify,
  writePlist,
} from '../src/steps/index.js';

const GiB = 2 ** 30;

/**
 * OS X 10.10, line by line as on Gabriel Somlo's page. Its `Kernels` come from the installer's own package instead of the Mac it
 * runs on, so that they always match: from Essentials.pkg, or should they not be there, from where 10.9 has its kernel. Yosemite
 * considers an installer without BaseSystem.dmg and its chunklist corrupt.
 */
export const yosemite: Recipe = [
  attach('app:/Contents/SharedSupport/InstallESD.dmg', { as: 'esd', readOnly: true }),
  convert('esd:/BaseSystem.dmg', 'sparse', { as: 'target' }),
  resize('target', 8 * GiB),
  attach('target'),
  remove('target:/System/Installation/Packages'), // a link to where the medium would be mounted on a Mac
  copy('esd:/Packages', 'target:/System/Installation/Packages'),
  copy('esd:/BaseSystem.chunklist', 'target:/BaseSystem.chunklist'),
  copy('esd:/BaseSystem.dmg', 'target:/BaseSystem.dmg', { chunklist: 'esd:/BaseSystem.chunklist' }),
  openPackage(
    ['esd:/Packages/Essentials.pkg', 'esd:/Packages/BaseSystemBinaries.pkg', 'esd:/Packages/BaseSystemResources.pkg'],
    { as: 'kernel', wants: '/System/Library/Kernels/kernel' },
  ),
  copy('kernel:/System/Library/Kernels', 'target:/System/Library/Kernels'),
  expectKernel('target:/System/Library/Kernels/kernel'),
  copyExtra('extra:', 'target:/Extra'), // kexts, smbios.plist, themes: what is given with --extra
  writePlist('templates:/yosemite.plist', 'target:/Extra/org.chameleon.Boot.plist'),
  detach('kernel'),
  detach('esd'),
  detach('target'),
  resize('target', 'minimum'),
  convert('target', 'iso', { to: 'out:' }),
  verify('out:'),
  rename('out:', 'iso:'),
];
