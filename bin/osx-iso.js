#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`osx-iso needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(4);
}
let main;
try {
  ({ main } = await import('../dist/src/cli/main.js'));
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(`osx-iso is not set up: ${error.message}\n\nIn the checkout, type: npm run setup`);
  process.exit(4);
}
process.exit(await main(process.argv.slice(2)));
