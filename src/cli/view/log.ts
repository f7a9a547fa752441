import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { HostError } from '../../errors.js';
import { hostError } from '../../host/faults.js';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/** A file that a run is written down in, line by line, each with the time. */
export interface Log {
  line(text: string): void;
  close(): void;
}

/** Opens the file, behind what is in it. HostError where that cannot be. What cannot be written later is told once, to `complain`. */
export function openLog(path: string, complain: (text: string) => void, now: () => Date = () => new Date()): Log {
  let fd: number | undefined;
  try {
    fd = // A pipe that nobody reads is refused, not waited for.
      fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
  } catch (error) {
    throw hostError(error, `--log-file ${path}`, HostError);
  }
  return {
    line(text) {
      if (fd === undefined) return;
      const at = now().toISOString();
      try {
        writeSync(
          fd,
          `${text
            .split('\n')
            .map((line) => `${at} ${line}`)
            .join('\n')}\n`,
        );
      } catch (error) {
        complain((hostError(error, `--log-file ${path}`, HostError) as Error).message);
        this.close();
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
