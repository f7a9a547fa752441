import * as osx from '../../index.js';
import type { Context } from '../api.js';
import type { SmcOptions } from '../commands/smc.js';
import { printable } from '../view-format.js';

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
  const lines = values.map(({ key, type, bytes }) => {
    const about = `${key}  ${(type ?? '?').padEnd(4)}  ${String(bytes.length).padStart(2)} bytes`;
    const text = type?.startsWith('ch8') || key.startsWith('OSK');
    return text ? `${about}  ${printable(Buffer.from(bytes).toString('latin1'))}` : `${about}  ${hex(bytes)}`;
  });
  const data = values.map(({ key, type, bytes }) => ({ key, type, size: bytes.length, hex: hex(bytes) }));
  context.print(lines.join('\n'), { type: 'smc', keys: data });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
