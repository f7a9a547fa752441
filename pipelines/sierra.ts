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
 * macOS 10.12: as 10.11. Others did not find the kernel where they expected it, so Core.pkg, which has it from 10.13 on, is looked
 * into as well.
 */
export const sierra: Recipe = [
  attach('app:/Contents/SharedSupport/InstallESD.dmg', { as: 'esd', readOnly: true }),
  convert('esd:/BaseSystem.dmg', 'sparse', { as: 'target' }),
  resize('target', 16 * GiB),
  attach('target'),
  remove('target:/System/Installation/Packages'), // a link to where the medium would be mounted on a Mac
  copy('esd:/Packages', 'target:/System/Installation/Packages'),
  copy('esd:/BaseSystem.chunklist', 'target:/BaseSystem.chunklist'),
  copy('esd:/BaseSystem.dmg', 'target:/BaseSystem.dmg', { chunklist: 'esd:/BaseSystem.chunklist' }),
  openPackage(['esd:/Packages/Essentials.pkg', 'esd:/Packages/Core.pkg', 'esd:/Packages/BaseSystemBinaries.pkg'], {
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
