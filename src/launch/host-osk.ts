import { openDevPort } from './dev-port.js';
import { Secret } from './secret.js';
import { readKey } from './smc.js';

/** The key from this computer's own SMC: two SMC keys, one after the other. Undefined where it cannot be read (not root, no SMC). */
export async function readHostOsk(): Promise<Secret | undefined> {
  try {
    const port = await openDevPort();
    try {
      const [first, second] = [await readKey(port, 'OSK0'), await readKey(port, 'OSK1')];
      return new Secret(Buffer.concat([first.bytes, second.bytes]).toString('latin1'));
    } finally {
      await port.close();
    }
  } catch {
    return undefined;
  }
}
