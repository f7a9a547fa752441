// A process that asks for an entry: for the tests of made-once.ts. Arguments: the store, the file to which everyone who makes
// adds a line, and what to do when half of it is there: 'finish' or 'die'.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { madeOnce } from './made-once.js';

const [store, log, end] = process.argv.slice(2);
const entry = await madeOnce(store!, 'this', async (folder) => {
  appendFileSync(log!, 'made\n');
  writeFileSync(join(folder, 'first'), '1');
  await sleep(200);
  if (end === 'die') process.kill(process.pid, 'SIGKILL');
  writeFileSync(join(folder, 'second'), '2');
});
process.stdout.write(entry);
