/** Makes the completions and the man page of the command tree: into dist/completions and dist/man. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandTree } from '../../src/cli/main.js';
import { version } from '../../src/version.js';
import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import { manPage } from './man.js';
import { treeOf } from './tree.js';
import { zshCompletion } from './zsh.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const program = treeOf(commandTree());
const { SOURCE_DATE_EPOCH: epoch } = process.env;
const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);

/** Under the names that shells and man look for. */
const FILES = {
  'completions/osx-iso.bash': bashCompletion(program),
  'completions/osx-iso.fish': fishCompletion(program),
  'completions/_osx-iso': zshCompletion(program),
  'man/osx-iso.1': manPage(program, { version, date }),
};
for (const [path, content] of Object.entries(FILES)) {
  const file = join(dist, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
