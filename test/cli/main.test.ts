import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.js';
import { main } from '../../src/cli/main.js';
import { Output, OutputClosed } from '../../src/cli/output.js';
import { FormatError, HostError, Interrupted, StepError, UsageError, VerifyError } from '../../src/errors.js';
import { COMPILED } from '../helpers/compiled.js';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** The command line in this process, with a stand-in for the work. */
async function ran(
  argv: string[],
  work: (options: unknown, context: Context) => Promise<void> | void = () => {},
): Promise<Ran> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const text = { out: '', err: '' };
  out.on('data', (chunk) => {
    text.out += chunk;
  });
  err.on('data', (chunk) => {
    text.err += chunk;
  });
  const command = async (options: unknown, context: Context) => work(options, context);
  const code = await main(argv, {
    standIns: { build: command, verify: command, inspect: command },
    stdout: new Output(out as unknown as NodeJS.WriteStream),
    stderr: new Output(err as unknown as NodeJS.WriteStream),
    screen: err as unknown as NodeJS.WriteStream,
    env: {},
    version: '1.2.3',
  });
  return { code, ...text };
}
const failing = (error: unknown, ...argv: string[]) =>
  ran(['verify', 'x.iso', ...argv], () => {
    throw error;
  });

describe('what is typed', () => {
  it.each([
    [
      ['build', '--app', 'X.app'],
      { app: 'X.app', kernel: 'package', force: false, keepWork: false, dryRun: false, requireSignature: false },
    ],
    [
      ['build', '--app', 'X.app', '-o', 'y.iso', '--engine', 'native', '--kernel', 'k', '--require-signature'],
      { output: 'y.iso', engine: 'native', kernel: 'k', requireSignature: true },
    ],
    [
      ['build', '--app=X.app', '--work-dir', '/w', '--force', '--keep-work', '--dry-run'],
      { workDir: '/w', force: true, keepWork: true, dryRun: true },
    ],
    [['verify', 'y.iso'], { file: 'y.iso' }],
    [['inspect', 'y.iso'], { file: 'y.iso' }],
    [['inspect', 'y.iso', '/System', '-o', 'out'], { file: 'y.iso', path: '/System', output: 'out' }],
  ])('%j', async (argv, options) => {
    let seen: unknown;
    const { code } = await ran(argv, (given) => {
      seen = given;
    });
    expect(code).toBe(0);
    expect(seen).toMatchObject(options);
  });

  it('takes the options of every command before and after it', async () => {
    for (const argv of [
      ['--json', '--verbose', 'verify', 'x'],
      ['verify', '--json', 'x', '--verbose'],
    ]) {
      let context: Context | undefined;
      await ran(argv, (_, given) => {
        context = given;
      });
      expect(context).toMatchObject({ json: true, verbose: true, quiet: false, version: '1.2.3' });
    }
  });

  it.each([
    [[], /Usage: osx-iso/],
    [['build', '--app'], /^osx-iso: option '--app <path\|name\|url>' argument missing/],
    [['biuld'], /Did you mean build\?/],
    [['build', '--app', 'x', '--engine', 'magic'], /Allowed choices are hdiutil, native/],
    [['build', '--app', 'x', '--frobnicate'], /unknown option '--frobnicate'/],
    [['verify'], /missing required argument 'file'/],
    [['verify', 'a', 'b'], /too many arguments/],
  ])('%j is a usage error: 2, and nothing on stdout', async (argv, message) => {
    const { code, out, err } = await ran(argv, () => expect.unreachable());
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
  });

  it.each([[['--help']], [['build', '--help']], [['help', 'inspect']], [['--version']]])(
    '%j: 0, on stdout',
    async (argv) => {
      const { code, out, err } = await ran(argv);
      expect(code).toBe(0);
      expect(err).toBe('');
      expect(out).toMatch(argv[0] === '--version' ? /^1\.2\.3\n$/ : /^Usage: osx-iso/);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );
});

describe('what is printed', () => {
  it('prints results on stdout and remarks on stderr', async () => {
    const work = (_: unknown, context: Context) => {
      context.remark('looking');
      context.print('all is well', { type: 'note', text: 'fine' });
      context.print('for people only');
    };
    expect(await ran(['verify', 'x'], work)).toEqual({
      code: 0,
      out: 'all is well\nfor people only\n',
      err: 'looking\n',
    });
    const out = '{"type":"note","schema":1,"text":"fine"}\n';
    expect(await ran(['verify', 'x', '--json'], work)).toEqual({ code: 0, out, err: 'looking\n' });
    expect((await ran(['verify', 'x', '--quiet'], work)).err).toBe('');
  });

  it.each([
    [new StepError('a step failed'), 1],
    [new UsageError('makes no sense'), 2],
    [
      new FormatError({
        file: 'a.dmg',
        structure: 'koly',
        offset: 4,
        expected: 'a',
        found: 'b',
        hint: 'Get it again.',
      }),
      3,
    ],
    [new HostError('no qemu', { hint: 'sudo apt install qemu' }), 4],
    [new VerifyError('not whole'), 5],
    [new Interrupted(), 130],
  ])('%s', async (error, exitCode) => {
    const { code, out, err } = await failing(error);
    expect(code).toBe(exitCode);
    expect(out).toBe('');
    expect(err).toBe(`osx-iso: ${error.message}\n${error.hint === undefined ? '' : `\n${error.hint}\n`}`);
  });

  it('shows where an error comes from only with --verbose', async () => {
    const error = new StepError('a step failed', { cause: new TypeError('inner') });
    expect((await failing(error)).err).not.toContain('main.test.ts');
    const { err } = await failing(error, '--verbose');
    expect(err).toMatch(/main\.test\.ts.*Caused by:\nTypeError: inner\n.*main\.test\.ts/s);
  });

  it('calls anything else a bug and says how to report it', async () => {
    const { code, err } = await failing(new TypeError('x is undefined'));
    expect(code).toBe(1);
    expect(err).toMatch(
      /^osx-iso: TypeError: x is undefined\n\nThis is a bug in osx-iso 1\.2\.3 .*report it at https:\/\/\S+ .*--verbose\.\n$/s,
    );
    expect(err).not.toContain('    at ');
  });

  it('gives programs the error as data', async () => {
    const { out } = await failing(new HostError('no qemu', { hint: 'install it' }), '--json');
    expect(JSON.parse(out)).toEqual({
      type: 'error',
      schema: 1,
      message: 'no qemu',
      hint: 'install it',
      exitCode: 4,
    });
  });

  it('says what the host says, and calls none of it a bug', async () => {
    // What the host lacks is its own code, as README has it.
    const lacks = ['ENOSPC', 'EACCES', 'EPERM', 'EMFILE', 'EROFS'];
    for (const code of [
      'ENOSPC',
      'EACCES',
      'EPERM',
      'ENOENT',
      'EMFILE',
      'EIO',
      'ENAMETOOLONG',
      'EROFS',
      'ENOTDIR',
      'EISDIR',
      'ELOOP',
    ]) {
      const error = Object.assign(new Error(`${code}: as node says it`), { code, path: '/some/where' });
      const { code: exit, err } = await failing(error);
      expect([code, exit]).toEqual([code, lacks.includes(code) ? 4 : 1]);
      expect(err).not.toMatch(/bug|as node says it/);
      expect(err).toMatch(/^osx-iso: .{20,}\.\n/);
    }
  });

  it('disarms names from images in messages', async () => {
    expect((await failing(new StepError('bad \u001b[2J name'))).err).toBe('osx-iso: bad �[2J name\n');
  });

  it('takes what node throws at an abort for the interrupt it is', async () => {
    const { code } = await ran(['verify', 'x'], async (_, context) => {
      process.emit('SIGTERM', 'SIGTERM');
      context.signal.throwIfAborted();
    });
    expect(code).toBe(130);
  });

  it('stops without an error when nobody reads the output any more', async () => {
    expect(await failing(new OutputClosed())).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('--log-file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osx-iso-log-'));
  const file = join(folder, 'log.txt');
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = () => readFileSync(file, 'utf8').replace(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z /gm, '');

  it('has everything that is said, behind what is there, whatever is printed', async () => {
    for (const argv of [['--quiet'], ['--json']]) {
      await ran(['verify', 'x', '--log-file', file, ...argv], (_, context) => {
        context.emit({ type: 'undo', title: 'detach x', ok: true, at: 0 });
        context.remark('a remark');
        context.print('a result', { type: 'note', text: '' });
        throw new VerifyError('wrong', 'try again');
      });
    }
    const run = 'Undone: detach x\na remark\na result\nosx-iso: wrong\n\ntry again\n';
    expect(written()).toMatch(new RegExp(`^(${run}[^]*at [^]*){2}$`));
  });

  it('that cannot be written ends the command before it begins', async () => {
    const begun: string[] = [];
    for (const path of [folder, join(folder, 'none', 'log'), join(file, 'x')]) {
      const { code, err } = await ran(['verify', 'x', '--log-file', path], () => void begun.push(path));
      expect(code).toBe(4);
      expect(err).toContain(`--log-file ${path}`);
    }
    expect(begun).toEqual([]);
  });

  it('that becomes full is said once, and the command goes on', async () => {
    const { code, out, err } = await ran(['verify', 'x', '--log-file', '/dev/full'], (_, context) => {
      context.print('one');
      context.print('two');
    });
    expect({ code, out }).toEqual({ code: 0, out: 'one\ntwo\n' });
    expect(err.match(/no space left/g)).toHaveLength(1);
  });
});

describe('in a process of its own', () => {
  const script = (body: string) =>
    `const { main } = await import(${JSON.stringify(pathToFileURL(join(COMPILED, 'program/main.js')).href)});${body}`;
  const talkative = () =>
    script(`
    const inspect = async (_, context) => {
      for (let i = 0; i < 1e6; i++) {
        context.print('line ' + i);
        if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    process.exit(await main(['inspect', 'x'], { standIns: { inspect } }));`);

  it('ends quietly under `| head`', () => {
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', '"$0" --input-type=module -e "$1" | head -n 2; wait', process.execPath, talkative()],
      { encoding: 'utf8' },
    );
    expect(stdout).toBe('line 0\nline 1\n');
    expect(stderr).toBe('');
  });

  it('gives all of a long output to a slow reader before it exits', () => {
    const body = script(`
      const inspect = async (_, context) => {
        for (let i = 0; i < 64; i++) await context.write(Buffer.alloc(65536, 97));
        context.print('end');
      };
      process.exit(await main(['inspect', 'x'], { standIns: { inspect } }));`);
    const { stdout } = spawnSync(
      '/bin/sh',
      ['-c', '"$0" --input-type=module -e "$1" | (sleep 0.3; wc -c)', process.execPath, body],
      { encoding: 'utf8' },
    );
    expect(Number(stdout)).toBe(64 * 65536 + 4);
  });

  describe('whose output cannot be written', () => {
    const into = (redirection: string, body: string) =>
      spawnSync('/bin/sh', ['-c', `${redirection}`, process.execPath, script(body)], { encoding: 'utf8' });
    const run = '"$0" --input-type=module -e "$1"';
    const printing = `
      const inspect = async (_, context) => context.print('x'.repeat(10000));
      process.exit(await main(['inspect', 'x'], { standIns: { inspect } }));`;
    const copying = `
      const inspect = async (_, context) => { for (let i = 0; i < 10; i++) await context.write(Buffer.alloc(1000, 97)); };
      process.exit(await main(['inspect', 'x'], { standIns: { inspect } }));`;
    const failing = `
      const inspect = async (_, context) => { context.print('bad'); throw Object.assign(new Error('EIO'), { code: 'EIO' }); };
      process.exit(await main(['inspect', 'x', '--json'], { standIns: { inspect } }));`;
    const events = `
      const inspect = async (_, context) => {
        context.emit({ type: 'undo', title: 'x', ok: true, at: 0 });
        context.remark('went on');
      };
      process.exit(await main(['inspect', 'x', '--json'], { standIns: { inspect } }));`;
    const full = /stdout: no space left on the disk while writing the output\.\n\n.*not whole/;

    it.each([
      ['a result', printing],
      ['bytes', copying],
      ['an error as data', failing],
      ['the help', 'process.exit(await main(["--help"]));'],
      ['the version', 'process.exit(await main(["--version"]));'],
    ])('ends with 1 and a sentence: %s on a full disk', (_, body) => {
      const { status, stderr } = into(`${run} > /dev/full`, body);
      expect(status).toBe(1);
      expect(stderr).toMatch(full);
      expect(stderr).not.toMatch(/bug/);
    });

    it('goes on with its work all the same: events are no result', () => {
      const { status, stderr } = into(`${run} > /dev/full`, events);
      expect([status, stderr.split('\n')[0]]).toEqual([1, 'went on']);
    });

    it.each([
      ['a result', printing],
      ['bytes', copying],
    ])('is never taken for whole after a short write: %s', (_, body) => {
      const file = join(mkdtempSync(join(tmpdir(), 'osx-iso-short-')), 'out');
      // Eight blocks of 512 bytes; a shell that counts in kilobytes allows 8192.
      const { status, stderr } = into(`ulimit -f 8; ${run} > '${file}'`, body);
      expect(statSync(file).size).toBeLessThan(10_000);
      expect(status).toBe(1);
      expect(stderr).toMatch(/stdout: the output would be larger than its file system allows/);
      rmSync(dirname(file), { recursive: true });
    });

    it('is whole in a file, and needs no reader where nobody wants it', () => {
      const file = join(mkdtempSync(join(tmpdir(), 'osx-iso-whole-')), 'out');
      expect(into(`${run} > '${file}'`, printing)).toMatchObject({ status: 0, stderr: '' });
      expect(statSync(file).size).toBe(10_001);
      expect(into(`${run} > /dev/null`, printing)).toMatchObject({ status: 0, stderr: '' });
      rmSync(dirname(file), { recursive: true });
    });
  });

  it('knows its own version', () => {
    const body = script('process.exit(await main(["--version"]));');
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', body], { encoding: 'utf8' });
    expect(out).toBe(`${JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')).version}\n`);
  });
});

it('says what is too few where hardly any files may be open', () => {
  const launcher = join(top, 'bin/osx-iso.js');
  const verify = (most: number) =>
    spawnSync('/bin/sh', ['-c', `ulimit -n ${most}; exec "$0" "$@"`, process.execPath, launcher, 'verify', launcher], {
      encoding: 'utf8',
    });
  let seen = verify(64);
  // A launcher is no disk.
  expect(seen.status).toBe(5);
  // Node has a score of files open before anything of ours is read.
  for (let most = 32; seen.status === 5; most -= 2) seen = verify(most);
  expect([seen.status, seen.stderr]).toEqual([
    4,
    'osx-iso: too many files are open at once.\n\nAllow more and try again: ulimit -n 4096\n',
  ]);
});

it('has a launcher that may be executed', () => {
  expect(statSync(join(top, 'bin/osx-iso.js')).mode & 0o111).toBe(0o111);
});
