import { attach, convert, detach, expectKernel, type Recipe, rename, verify } from '../src/steps/index.js';

/**
 * Mac OS X 10.6: the retail DVD is the installer disk. Nothing is added; whoever dumped it with hdiutil or dd has it already, and
 * gets a copy that is proved.
 */
export const snowLeopard: Recipe = [
  attach('app:/Install DVD.dmg', { as: 'dvd', readOnly: true }),
  expectKernel('dvd:/mach_kernel'),
  detach('dvd'),
  convert('dvd', 'iso', { to: 'out:' }),
  verify('out:'),
  rename('out:', 'iso:'),
];
