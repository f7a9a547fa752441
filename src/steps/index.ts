/** The verbs recipes are written in. */
export type { Recipe, Step } from '../core/step.js';
export { attach, detach } from './attach.js';
export { convert } from './convert.js';
export { copy } from './copy.js';
export { expectKernel } from './expect-kernel.js';
export { makeWay } from './make-way.js';
export { openPackage } from './open-package.js';
export { remove } from './remove.js';
export { rename } from './rename.js';
export { resize } from './resize.js';
export { verify } from './verify.js';
export { copyExtra, writePlist } from './write-plist.js';
