import { existsSync, statSync } from 'node:fs';

const here = (path) => new URL(path, import.meta.url);
const modified = (path) => (existsSync(here(path)) ? statSync(here(path)).mtimeMs : 0);
// A checkout, never compiled or moved on since (git writes down every move there); a published package has no such script and needs none.
if (modified('../dist/.compiled') <= modified('../.git/logs/HEAD') && existsSync(here('../scripts/setup.mjs'))) {
  await import('../scripts/setup.mjs');
}
const { main } = await import('../dist/program/main.js');
process.exit(await main(process.argv.slice(2)));
