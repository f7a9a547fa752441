import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEndOfFile } from '../end-of-file.js';
import { find, type Tool } from './needs.js';

export interface Result {
  /** Exit status; -1 when a signal ended it. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Milliseconds; the tool is killed then, and the promise rejects. */
  readonly timeout?: number;
  readonly input?: string | Uint8Array;
}

/** Milliseconds after which a tool or a guest can only hang: a little less than vitest gives a test, so that the reason is told. */
export const HANG = 280_000;

const MAX_OUTPUT = 2 * 1024 ** 3;

/** Runs a judge to its end. The C.UTF-8 locale keeps names and messages the same everywhere. */
export async function run(tool: Tool, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const out: Buffer[] = [];
  const { status, stderr } = await runStreaming(tool, args, (chunk) => void out.push(chunk), options);
  return { status, stdout: Buffer.concat(out), stderr };
}

/** The sha256 and size of what a tool prints, without keeping it. */
export async function hashOutput(tool: Tool, args: readonly string[], options: RunOptions = {}) {
  const hash = createHash('sha256');
  let size = 0;
  const { status, stderr } = await runStreaming(
    tool,
    args,
    (chunk) => {
      size += chunk.length;
      hash.update(chunk);
    },
    options,
  );
  return { status, stderr, size, sha256: hash.digest('hex') };
}

/** The sha256 and size of a file of the host. */
export function hashFile(path: string): { size: number; sha256: string } {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(1 << 20);
  const fd = openSync(path, 'r');
  try {
    let size = 0;
    for (let got = readSync(fd, chunk); got > 0; got = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, got));
      size += got;
    }
    return { size, sha256: hash.digest('hex') };
  } finally {
    closeSync(fd);
  }
}

/** Hands a judge's output on as it comes. */
export function runStreaming(
  tool: Tool,
  args: readonly string[],
  onData: (chunk: Buffer) => void,
  options: RunOptions = {},
): Promise<{ status: number; stderr: string }> {
  const file = find(tool);
  if (file === undefined) throw new Error(`${tool} is not on this machine: call needs() first`);
  const timeout = options.timeout ?? HANG;
  return new Promise((resolve, reject) => {
    const child = kept(
      spawn(file, args, {
        cwd: options.cwd,
        env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
    const name = `${tool} ${args.join(' ')}`;
    let size = 0;
    let stderr = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) child.kill('SIGKILL');
      else onData(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < 1 << 20) stderr += chunk.toString('utf8');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      if (late) reject(new Error(`${name}: not done after ${timeout} ms\n${stderr}`));
      else if (size > MAX_OUTPUT) reject(new Error(`${name}: more than ${MAX_OUTPUT} bytes of output`));
      else resolve({ status: status ?? -1, stderr });
    });
    // A tool that does not read its input must not bring the test down.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Sees to it that a child does not outlive the test file: a test that runs out of time leaves its judge running. */
export function kept<Child extends ChildProcess>(child: Child): Child {
  let gone = false;
  child.once('close', () => {
    gone = true;
  });
  atEndOfFile(() => {
    if (!gone) child.kill('SIGKILL');
  });
  return child;
}

/** A folder that is there until the test file is done. */
export function scratch(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `osx-iso-test-${what}-`));
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
