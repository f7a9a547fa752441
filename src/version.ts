import { packageRoot } from './host/package-root.js';

const own = packageRoot();

/** Of this program. */
export const version: string = own.version;
/** The address where its mistakes are reported. */
export const bugs: string = own.bugs;
