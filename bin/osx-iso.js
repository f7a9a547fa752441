#!/usr/bin/env node
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`osx-iso needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(4);
}
const here = (path) => new URL(path, import.meta.url);
// A checkout that was never compiled; a published package has no such script and needs none.
if (!existsSync(here('../dist/program/main.js')) && existsSync(here('../scripts/setup.mjs'))) {
  await import('../scripts/setup.mjs');
}
const { main } = await import('../dist/program/main.js').catch((error) => {
  // Before anything of ours is loaded that could say it.
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') throw error;
  console.error('osx-iso: too many files are open at once.\n\nAllow more and try again: ulimit -n 4096');
  process.exit(1);
});
process.exit(await main(process.argv.slice(2)));
