#!/usr/bin/env node
import { nodeTooOld } from './node-version.js';

const message = nodeTooOld(process.versions.node);
if (message) {
  console.error(message);
  process.exit(4);
}
// Not before: what follows is in words that old Nodes do not understand.
import('./start.js').catch((error) => {
  // Before anything of ours is loaded that could say it.
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
  console.error('osx-iso: too many files are open at once.\n\nAllow more and try again: ulimit -n 4096');
  process.exit(4);
});
