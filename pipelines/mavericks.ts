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
 * OS X 10.9: Somlo's recipe, whose version for Mavericks copies neither Kernels nor BaseSystem. Chameleon needs the kernel, in the
 * root here; Apple keeps it in BaseSystemBinaries.pkg, whose payload is gzip or bzip2. BaseSystem.dmg is not required, but others
 * copy it too, and its chunklist proves the download.
 */
export const mavericks: Recipe = [
  attach('app:/Contents/SharedSupport/InstallESD.dmg', { as: 'esd', readOnly: true }),
  convert('esd:/BaseSystem.dmg', 'sparse', { as: 'target' }),
  resize('target', 8 * GiB),
  attach('target'),
  remove('target:/System/Installation/Packages'), // a link to where the medium would be mounted on a Mac
  copy('esd:/Packages', 'target:/System/Installation/Packages'),
  copy('esd:/BaseSystem.chunklist', 'target:/BaseSystem.chunklist'),
  copy('esd:/BaseSystem.dmg', 'target:/BaseSystem.dmg', { chunklist: 'esd:/BaseSystem.chunklist' }),
  openPackage(
    ['esd:/Packages/BaseSystemBinaries.pkg', 'esd:/Packages/BaseSystemResources.pkg', 'esd:/Packages/Essentials.pkg'],
    { as: 'kernel', wants: '/mach_kernel' },
  ),
  copy('kernel:/mach_kernel', 'target:/mach_kernel'),
  expectKernel('target:/mach_kernel'),
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
