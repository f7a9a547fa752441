import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { top } from './imports.js';
import { kept, scratch } from './judges/tool.js';
import { WHOLE } from './long.js';

/** How often a command is killed: at a hundred times before a release. */
export const KILLS = WHOLE ? 100 : 25;

/** A user of the command line with folders of his own, whose processes can be told from all others. */
export class KilledUser {
  readonly temporary = scratch('killed');
  readonly state = scratch('killed-state');
  readonly env = {
    ...process.env,
    TMPDIR: this.temporary,
    XDG_RUNTIME_DIR: join(this.temporary, 'run'),
    XDG_STATE_HOME: this.state,
    CI: '1',
  };

  constructor() {
    mkdirSync(this.env.XDG_RUNTIME_DIR);
  }

  /** Starts a command and ends it by kill -9 after so many milliseconds, if it lasts so long. */
  async kill(argv: readonly string[], after: number): Promise<void> {
    const child = kept(
      spawn(process.execPath, [join(top, 'bin', 'osx-iso.js'), ...argv], { env: this.env, stdio: 'ignore' }),
    );
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await Promise.race([gone, sleep(after, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await gone;
  }

  clean(): string {
    return execFileSync(process.execPath, [join(top, 'bin', 'osx-iso.js'), 'clean'], {
      env: this.env,
      encoding: 'utf8',
    });
  }

  /** Everything that is left: files and folders, journals, processes. */
  left(): string[] {
    const journals = below(this.state).filter((path) => path.endsWith('.jsonl'));
    const files = [...below(this.temporary).filter((path) => path !== this.env.XDG_RUNTIME_DIR), ...journals];
    const list = execFileSync('ps', ['-axww', '-o', 'pid=', '-o', 'command='], { encoding: 'utf8' });
    return [...files, ...list.split('\n').filter((line) => line.includes(this.temporary))];
  }

  /** Files, of the user's and of the host's memory, that hold this text. */
  holding(text: string): string[] {
    const places = [this.temporary, this.state, ...(existsSync('/dev/shm') ? ['/dev/shm'] : [])];
    return places.flatMap(below).filter((path) => {
      try {
        return readFileSync(path, 'latin1').includes(text);
      } catch {
        // A folder, a socket, or gone meanwhile.
        return false;
      }
    });
  }
}

/** What is there: programs that are at their end may take some of it away meanwhile. */
function below(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...below(path)] : [path];
    });
  } catch {
    return [];
  }
}

/** The same times in every run. */
export function killTimes(from: number, to: number, count = KILLS): number[] {
  let state = 20_141_016;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return from + Math.floor((state / 2 ** 31) * (to - from));
  });
}
