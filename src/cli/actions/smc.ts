import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { SmcOptions } from '../commands/smc.js';

/** `osx-iso smc`: prints keys of this computer's own SMC. */
export async function smc({ keys, raw }: SmcOptions, context: Context): Promise<void> {
  const port = await osx.openDevPort();
  const values: osx.SmcValue[] = [];
  try {
    for (const key of keys) {
      context.signal.throwIfAborted();
      values.push(await osx.readKey(port, key));
    }
  } finally {
    await port.close();
  }
  if (raw) {
    await context.write(Buffer.concat(values.map(({ bytes }) => bytes)));
    return;
  }
  // One key is printed as SmcDumpKey has it; of several, each has its name before it.
  const lines = values.map((value) => (keys.length > 1 ? `${value.key}\n${osx.dumpKey(value)}` : osx.dumpKey(value)));
  const data = values.map(({ bytes, ...about }) => ({ ...about, size: bytes.length, hex: hex(bytes) }));
  context.print(lines.join('\n'), { type: 'smc', keys: data });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
