import { spawn } from 'node:child_process';
import { existsSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quoteForSh } from '../../src/host/quote.js';
import { COMPILED } from './compiled.js';
import { top } from './imports.js';
import { StandIn } from './stand-in.js';

/**
 * A folder for mount points on another device than the temporary files, so that a mounted volume (a link to a folder there) is on
 * another device than its mount point's parent. Undefined on a computer with one device only.
 */
export const MOUNTS_ON: string | undefined = ['/dev/shm', '/run', '/var/tmp'].find((folder) => {
  try {
    if (lstatSync(folder).dev === lstatSync(tmpdir()).dev) return false;
    rmSync(mkdtempSync(join(folder, 'osx-iso-probe-')), { recursive: true });
    return true;
  } catch {
    return false;
  }
});

/** How a process of the command line ended. */
export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly status: number | string;
  readonly text: string;
}

/** A computer for tests with hdiutil's stand-in, a user's home, and a place for the ISO; all of it goes with `remove`. */
export class Mac {
  readonly top: string;
  readonly out: string;
  readonly hdiutil: StandIn;
  readonly #mounts: string;
  readonly env: Readonly<Record<string, string>>;

  constructor(standIn: string, below: string = tmpdir()) {
    this.top = mkdtempSync(join(below, 'osx-iso-mac-'));
    this.out = join(this.top, 'out');
    mkdirSync(this.out);
    mkdirSync(join(this.top, 'state'));
    mkdirSync(join(this.top, 'home'));
    this.#mounts = mkdtempSync(join(MOUNTS_ON ?? tmpdir(), 'osx-iso-mounts-'));
    this.hdiutil = new StandIn(standIn, join(this.top, 'hdiutil'));
    this.env = {
      ...this.hdiutil.env,
      TMPDIR: this.#mounts,
      XDG_STATE_HOME: join(this.top, 'state'),
      HOME: join(this.top, 'home'),
    };
  }

  /** Makes this process one of the Mac's; returns how to undo it. */
  enter(): () => void {
    const before = new Map(Object.keys(this.env).map((name) => [name, process.env[name]]));
    Object.assign(process.env, this.env);
    return () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    };
  }

  /** What a run has left of its own, as paths; and what is attached. Nothing, where all is well. */
  left(): string[] {
    const journals = join(this.top, 'state', 'osx-iso');
    return [
      ...this.hdiutil.attached().map(({ image, device }) => `attached: ${image} as ${device}`),
      ...readdirSync(this.#mounts).map((name) => `mount folder: ${name}`),
      ...readdirSync(this.out)
        .filter((name) => name.startsWith('.'))
        .map((name) => `beside the ISO: ${name}`),
      ...(existsSync(journals) ? readdirSync(journals).map((name) => `journal: ${name}`) : []),
    ];
  }

  /** Gives all of it to another user. */
  give(uid: number): void {
    const all = [
      this.#mounts,
      this.top,
      ...readdirSync(this.top, { recursive: true }).map((name) => join(this.top, `${name}`)),
    ];
    for (const path of all) lchownSync(path, uid, uid);
  }

  remove(): void {
    this.hdiutil.remove();
    rmSync(this.#mounts, { recursive: true, force: true });
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** The command line, to be run in processes of its own. */
export class CommandLine {
  /** Starts it, in a pseudo-terminal where that is wanted. `type` types there. */
  start(
    mac: Mac,
    argv: readonly string[],
    options: {
      terminal?: boolean;
      uid?: number;
      env?: Readonly<Record<string, string>>;
      program?: string;
      /** Told all that was said, whenever there is more. */
      onText?: (text: string) => void;
    } = {},
  ): { readonly ended: Promise<Ended>; type(text: string): void; kill(signal: NodeJS.Signals): void } {
    const { CI: _ci, NO_COLOR: _no, SUDO_UID: _uid, SUDO_GID: _gid, SUDO_USER: _user, ...own } = process.env;
    const env = { ...own, ...mac.env, ...options.env, TERM: 'xterm' };
    const words = [process.execPath, options.program ?? join(top, 'bin', 'osx-iso.js'), ...argv];
    const owner = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const child = options.terminal
      ? spawn('script', ['-qfec', `stty cols 80 rows 24; exec ${words.map(quoteForSh).join(' ')}`, '/dev/null'], {
          env,
        })
      : spawn(words[0]!, words.slice(1), { env, ...owner });
    let text = '';
    const hear = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      options.onText?.(text);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.stdin.on('error', () => undefined);
    if (!options.terminal) child.stdin.end();
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      // 'exit', not 'close': what outlives the process may hold its streams open.
      child.once('exit', (code, signal) => setTimeout(() => resolve({ status: code ?? signal ?? '', text }), 20));
    });
    return {
      ended,
      type: (typed) => child.stdin.write(typed),
      kill: (signal) => child.kill(signal),
    };
  }

  run(
    mac: Mac,
    argv: readonly string[],
    options: { uid?: number; env?: Readonly<Record<string, string>> } = {},
  ): Promise<Ended> {
    return this.start(mac, argv, options).ended;
  }

  /** Runs a program of a test's own that imports our modules from './src/…'. */
  script(mac: Mac, text: string, options: { uid?: number } = {}): Promise<Ended> {
    const program = join(mac.top, 'script.mjs');
    writeFileSync(program, text.replaceAll("'./src/", `'${pathToFileURL(COMPILED).href}/src/`));
    return this.start(mac, [], { ...options, program }).ended;
  }
}
