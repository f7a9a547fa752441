import { access, type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostError } from '../errors.js';
import type { Port } from './smc.js';

/** Where Linux shows that its own driver has the SMC. */
const DRIVER = '/sys/bus/platform/drivers/applesmc/applesmc.768';

/** This computer's I/O ports: /dev/port, Linux, root. HostError that says what is in the way. */
export async function openDevPort(places = { device: '/dev/port', driver: DRIVER }): Promise<Port> {
  if (process.platform !== 'linux') {
    throw new HostError('The SMC can be read on Linux only.', {
      hint: 'Start the Mac with a Linux live system and run osx-iso smc there.',
    });
  }
  const driven = await access(places.driver).then(
    () => true,
    () => false,
  );
  if (driven) {
    throw new HostError('The driver applesmc holds the SMC.', { hint: 'sudo modprobe -r applesmc, then try again.' });
  }
  let file: FileHandle;
  try {
    file = await open(places.device, 'r+');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new HostError(`${places.device}: not permitted (${code}).`, {
        hint: 'Try again with sudo. Where that is not enough, the kernel is locked down (Secure Boot), or this is a container.',
      });
    }
    throw new HostError(`${places.device}: cannot be opened (${code}).`, {
      hint: 'The kernel of this computer shows no I/O ports.',
    });
  }
  const byte = Buffer.alloc(1);
  return {
    async inb(port) {
      await file.read(byte, 0, 1, port);
      return byte[0]!;
    },
    async outb(port, value) {
      byte[0] = value;
      await file.write(byte, 0, 1, port);
    },
    delay: (microseconds) => pause(microseconds),
    close: () => file.close(),
  };
}

/** Timers are too coarse for less than some milliseconds. */
async function pause(microseconds: number): Promise<void> {
  if (microseconds >= 4000) return sleep(Math.ceil(microseconds / 1000));
  const end = process.hrtime.bigint() + BigInt(microseconds) * 1000n;
  while (process.hrtime.bigint() < end);
}
