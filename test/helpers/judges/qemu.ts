import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { find } from './needs.js';
import { HANG, kept, scratch } from './tool.js';

export interface Boot {
  /** QEMU's exit status: isa-debug-exit makes (value << 1) | 1 of what the guest writes. */
  readonly status: number;
  /** All that the guest wrote on COM1. */
  readonly serial: string;
  readonly milliseconds: number;
}

/**
 * Runs QEMU until the guest leaves through isa-debug-exit. Always TCG: nested KVM is slower here, and wrong. Throws with the
 * end of the serial log when the guest does not leave in time.
 */
export async function runQemu(devices: readonly string[], timeout = HANG): Promise<Boot> {
  const qemu = find('qemu-system-x86_64');
  if (qemu === undefined) throw new Error('qemu-system-x86_64 is not on this machine: call needs() first');
  const log = join(scratch('serial'), 'serial.log');
  const argv = [
    ...['-nodefaults', '-no-user-config', '-machine', 'q35,accel=tcg', '-m', '512', '-cpu', 'qemu64'],
    ...['-display', 'none', '-vga', 'std', '-nic', 'none', '-no-reboot', '-serial', `file:${log}`],
    ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
    ...devices,
  ];
  const started = Date.now();
  const serial = () => (existsSync(log) ? readFileSync(log, 'latin1') : '');
  return new Promise((resolve, reject) => {
    const child = kept(spawn(qemu, argv, { stdio: ['ignore', 'ignore', 'pipe'] }));
    let stderr = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const tail = `${stderr}\nserial line, last 2000 characters:\n${serial().slice(-2000)}`;
      if (late) reject(new Error(`the guest had not left after ${timeout} ms\n${tail}`));
      else if (status === null) reject(new Error(`QEMU was ended by ${signal}\n${tail}`));
      else if (status <= 1) reject(new Error(`QEMU ended with ${status} and not through isa-debug-exit\n${tail}`));
      else resolve({ status, serial: serial(), milliseconds: Date.now() - started });
    });
  });
}

/** `-drive` takes a comma in a file name only when it is doubled. */
export function driveFile(path: string): string {
  return path.replaceAll(',', ',,');
}
