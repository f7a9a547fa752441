import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostError, Interrupted } from '../../src/errors.js';
import { ActError, act } from '../../src/host/act.js';
import { COMPILED } from '../helpers/compiled.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'act-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = process.execPath;
const isThere = (pid: number) => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that ended and that nobody has waited for yet is a zombie: gone for our purposes.
  return !/^State:\s+Z/m.test(read(`/proc/${pid}/status`));
};
const until = async (truth: () => boolean) => {
  for (let i = 0; i < 200 && !truth(); i++) await sleep(20);
  return truth();
};
const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

describe('act', () => {
  it('streams lines of both streams, in order, also those ended by \\r or by nothing', async () => {
    const heard: string[] = [];
    const program =
      'process.stdout.write("PERCENT:1\\rPERCENT:2\\r\\nthree\\n\\nlast"); process.stderr.write("oops\\n")';
    const { stdout, stderr } = await act(node, ['-e', program], {
      onLine: (line, stream) => heard.push(`${stream}:${line}`),
    });
    expect(heard.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout:PERCENT:1',
      'stdout:PERCENT:2',
      'stdout:three',
      'stdout:last',
    ]);
    expect(heard).toContain('stderr:oops');
    expect(stdout).toBe('PERCENT:1\rPERCENT:2\r\nthree\n\nlast');
    expect(stderr).toBe('oops');
  });

  it('uses no shell: what a shell would act upon arrives as it is', async () => {
    const words = ['$(id)', '; ls', '*', "it's", '', 'a\nb'];
    const { stdout } = await act(node, [
      '-e',
      'process.stdout.write(JSON.stringify(process.argv.slice(1)))',
      '--',
      ...words,
    ]);
    expect(JSON.parse(stdout)).toEqual(words);
  });

  it('gives stdin, environment, folder and descriptors', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'from fd 3');
    const fd = openSync(secret, 'r');
    try {
      const program =
        'const fs=require("fs");process.stdout.write([fs.readFileSync(0,"utf8"),process.env.X_WORD,process.cwd(),fs.readFileSync(3,"utf8")].join("|"))';
      const { stdout } = await act(node, ['-e', program], {
        input: 'words in',
        env: { X_WORD: 'y' },
        cwd: '/',
        descriptors: [fd],
      });
      expect(stdout).toBe('words in|y|/|from fd 3');
    } finally {
      closeSync(fd);
    }
    expect((await act(node, ['-e', 'process.stdout.write(String(require("fs").readFileSync(0).length))'])).stdout).toBe(
      '0',
    );
  });

  it('fails with the redacted command and the last words of stderr', async () => {
    const osk = 'ourhardworkbythesewords';
    const program = `console.error("first"); console.error("bad key ${osk}"); process.exit(3)`;
    const error = await act(node, ['-e', program, 'a b'], { redact: [osk] }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ActError);
    const failure = error as ActError;
    expect(failure).toMatchObject({ exitCode: 1, status: 3, lines: ['first', 'bad key [hidden]'] });
    expect(failure.message).toContain("'a b' failed (exit status 3): first / bad key [hidden]");
    expect(JSON.stringify({ ...failure, message: failure.message, stack: failure.stack })).not.toContain(osk);
  });

  it('says which signal ended a tool, and which program is not there', async () => {
    await expect(act(node, ['-e', 'process.kill(process.pid, "SIGKILL")'])).rejects.toMatchObject({
      killedBy: 'SIGKILL',
    });
    const error = await act('no-such-program-here', [], { missingHint: 'Install it.' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HostError);
    expect(error).toMatchObject({
      message: 'There is no program "no-such-program-here" on this computer.',
      hint: 'Install it.',
    });
  });

  it('ends the whole tree on abort, also children that ignore SIGINT', async () => {
    const pids = join(folder, 'pids');
    const controller = new AbortController();
    // A background child of sh ignores SIGINT.
    const promise = act('/bin/sh', ['-c', `sleep 60 & echo $! $$ > '${pids}'; wait`], { signal: controller.signal });
    const rejected = expect(promise).rejects.toBeInstanceOf(Interrupted);
    expect(await until(() => /\d+ \d+\n/.test(read(pids)))).toBe(true);
    const [child, shell] = read(pids).trim().split(' ').map(Number) as [number, number];
    expect(isThere(child)).toBe(true);
    controller.abort();
    await rejected;
    expect(await until(() => !isThere(child) && !isThere(shell))).toBe(true);
  });

  it('lets a tool clean up after SIGINT', async () => {
    const [ready, cleaned] = [join(folder, 'ready'), join(folder, 'cleaned')];
    const program = `const fs=require("fs");process.on("SIGINT",()=>setTimeout(()=>{fs.writeFileSync(${JSON.stringify(cleaned)},"yes");process.exit(1)},150));fs.writeFileSync(${JSON.stringify(ready)},"");setInterval(()=>{},1000)`;
    const controller = new AbortController();
    const promise = act(node, ['-e', program], { signal: controller.signal });
    const rejected = expect(promise).rejects.toBeInstanceOf(Interrupted);
    expect(await until(() => read(ready) === '' && isFile(ready))).toBe(true);
    controller.abort();
    await rejected;
    expect(read(cleaned)).toBe('yes');
  });

  it('starts nothing when it is aborted already', async () => {
    const made = join(folder, 'made');
    await expect(act('/bin/sh', ['-c', `: > '${made}'`], { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(
      Interrupted,
    );
    expect(isFile(made)).toBe(false);
  });

  it('does not wait for a helper that keeps stdout open', async () => {
    const began = Date.now();
    const { stdout } = await act('/bin/sh', ['-c', 'sleep 5 & echo $!']);
    expect(Date.now() - began).toBeLessThan(3000);
    const helper = Number(stdout.trim());
    expect(isThere(helper)).toBe(true);
    process.kill(helper);
  });

  it('does not mind a tool that leaves its stdin unread', async () => {
    await expect(act(node, ['-e', ''], { input: 'x'.repeat(1 << 20) })).resolves.toMatchObject({ stdout: '' });
  });

  it('gives a tool the terminal itself, and takes it away on abort', async () => {
    expect(await act(node, ['-e', ''], { terminal: true })).toEqual({ stdout: '', stderr: '' });
    const controller = new AbortController();
    const promise = act('sleep', ['60'], { terminal: true, signal: controller.signal });
    const rejected = expect(promise).rejects.toBeInstanceOf(Interrupted);
    await sleep(200);
    controller.abort();
    await rejected;
  });

  it('leaves no tool running when the process exits in the middle of it', async () => {
    const pids = join(folder, 'pids');
    const program = `
      const { act } = await import(${JSON.stringify(pathToFileURL(join(COMPILED, 'src/host/act.js')).href)});
      void act('/bin/sh', ['-c', ${JSON.stringify(`echo $$ > '${pids}'; exec sleep 60`)}]);
      setInterval(() => { if (require('node:fs').existsSync(${JSON.stringify(pids)})) process.exit(0); }, 50);`;
    execFileSync(node, [
      '--input-type=module',
      '-e',
      `import { createRequire } from 'node:module'; const require = createRequire('/');${program}`,
    ]);
    expect(await until(() => /\d+\n/.test(read(pids)))).toBe(true);
    expect(await until(() => !isThere(Number(read(pids))))).toBe(true);
  });

  it('ends the tool when a listener fails, and throws what the listener threw', async () => {
    const failing = act('/bin/sh', ['-c', 'echo one; exec sleep 60'], {
      onLine: () => {
        throw new Error('cannot read this line');
      },
    });
    await expect(failing).rejects.toThrow('cannot read this line');
  });
});

function isFile(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
