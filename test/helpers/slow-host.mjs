// Loaded before the command line (--import): from some point on its files answer slowly, as a disk does that is about to fail. The first
// reads and writes after that take a moment, all later ones minutes: whoever is told to stop and does not, is found out.
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const { SLOW_FROM: from, SLOW_AFTER: after = '0' } = process.env;
/** Milliseconds; how many are quick. */
const [MOMENT, MINUTES, QUICK] = [300, 180_000, 4];

let slow = from === undefined;
let asked = -Number(after);
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write;
  stream.write = function (chunk, ...rest) {
    if (from !== undefined && String(chunk).includes(from)) slow = true;
    return write.call(this, chunk, ...rest);
  };
}

const handle = await open(process.execPath);
const files = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['read', 'write']) {
  const real = files[name];
  files[name] = async function (...args) {
    if (slow && ++asked > 0) {
      if (asked === 1) process.stderr.write('SLOW\n');
      await sleep(asked <= QUICK ? MOMENT : MINUTES);
    }
    return real.apply(this, args);
  };
}
