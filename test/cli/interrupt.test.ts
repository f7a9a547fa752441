import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteForSh } from '../../src/host/quote.js';
import { COMPILED } from '../helpers/compiled.js';
import { LONG } from '../helpers/long.js';

const program = join(dirname(fileURLToPath(import.meta.url)), '../helpers/slow-program.mjs');
const SHOW_CURSOR = '\u001b[?25h';
const HIDE_CURSOR = '\u001b[?25l';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interrupt-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Session {
  readonly child: ChildProcess;
  readonly undone: string;
  /** Both streams, as they came. */
  readonly text: () => string;
  readonly until: (what: string) => Promise<void>;
  /** Exit code, or the signal that ended the process. */
  readonly end: Promise<number | string>;
}

let sessions = 0;
function start(options: { terminal?: boolean; args?: string[]; env?: Record<string, string> } = {}): Session {
  const undone = join(folder, `undone-${++sessions}`);
  const argv = [program, COMPILED, undone, 'build', '--app', 'x', ...(options.args ?? [])];
  const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...own } = process.env;
  const env = { ...own, TERM: 'xterm', ...options.env };
  // script gives its child a terminal of its own, and types there what it reads.
  const inTerminal = `stty cols 80 rows 24; exec ${[process.execPath, ...argv].map(quoteForSh).join(' ')}`;
  const child = options.terminal
    ? spawn('script', ['-qfec', inTerminal, '/dev/null'], { env, stdio: 'pipe' })
    : spawn(process.execPath, argv, { env, stdio: 'pipe' });
  let all = '';
  child.stdout.on('data', (chunk) => {
    all += chunk;
  });
  child.stderr.on('data', (chunk) => {
    all += chunk;
  });
  const end = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal!)),
  );
  return {
    child,
    undone,
    text: () => all,
    until: async (what) => {
      for (let i = 0; i < 500 && !all.includes(what); i++) await sleep(20);
      if (!all.includes(what)) throw new Error(`never said "${what}", but: ${all}`);
    },
    end,
  };
}

describe('without a terminal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s lets the undo finish and exits 130', async (signal) => {
    const session = start();
    await session.until('[2/3] Copy esd:/Packages');
    session.child.kill(signal);
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(true);
    expect(session.text()).toMatch(
      /Stopping \(Ctrl-C.*stopped after.*Undone: detach esd.*Stopped after.*Interrupted\./s,
    );
    expect(session.text()).not.toContain(HIDE_CURSOR);
  });

  it('takes a SIGINT right after the first for its echo (npm hands Ctrl-C on)', async () => {
    const session = start();
    await session.until('[2/3]');
    session.child.kill('SIGINT');
    await sleep(50);
    session.child.kill('SIGINT');
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(true);
  });

  it('leaves at once at the second SIGINT, and says what is left behind', async () => {
    const session = start({ env: { SLOW_UNDO: '20000' } });
    await session.until('[2/3]');
    session.child.kill('SIGINT');
    await session.until('stopped after');
    await sleep(700);
    session.child.kill('SIGINT');
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(false);
    expect(session.text()).toMatch(/Left behind.*detach esd.*\n {4}hdiutil detach \/dev\/disk9\n.*left at once/s);
  });

  it('survives a reader of stdout that goes away', async () => {
    const session = start({ args: ['--json'] });
    await session.until('step:progress');
    session.child.stdout?.destroy();
    await sleep(400);
    expect(session.child.exitCode).toBeNull();
    session.child.kill('SIGTERM');
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(true);
  });

  it('keeps stdout for the events with --json', async () => {
    const session = start({ args: ['--json'] });
    let out = '';
    session.child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    await session.until('step:progress');
    session.child.kill('SIGINT');
    expect(await session.end).toBe(130);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.at(0)?.type).toBe('run:start');
    expect(lines.slice(-3).map((line) => line.type)).toEqual(['undo', 'run:end', 'error']);
    expect(lines.at(-1)).toMatchObject({ exitCode: 130 });
  });
});

/** Why there is no pseudo-terminal to test in, if so. */
const noTerminal = (() => {
  try {
    const version = execFileSync('script', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return version.includes('util-linux') ? '' : "script is not util-linux's";
  } catch {
    return 'there is no script (util-linux)';
  }
})();

describe.skipIf(noTerminal !== '')(`in a terminal${noTerminal === '' ? '' : ` (skipped: ${noTerminal})`}`, () => {
  it('the first Ctrl-C lets the undo finish, exits 130 and gives the cursor back', async () => {
    const session = start({ terminal: true });
    await session.until(' left');
    expect(session.text()).toContain(HIDE_CURSOR);
    session.child.stdin?.write('\u0003');
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(true);
    const text = session.text();
    expect(text).toMatch(/Stopping \(Ctrl-C.*Undone: detach esd\r\n.*Stopped after.*osx-iso:\S* Interrupted\.\r\n/s);
    expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(HIDE_CURSOR));
  });

  it('the second Ctrl-C leaves at once, lists what is left behind and gives the cursor back', async () => {
    const session = start({ terminal: true, env: { SLOW_UNDO: '20000' } });
    await session.until(' left');
    session.child.stdin?.write('\u0003');
    await session.until('interrupted after');
    await sleep(700);
    session.child.stdin?.write('\u0003');
    expect(await session.end).toBe(130);
    expect(existsSync(session.undone)).toBe(false);
    const text = session.text();
    expect(text).toMatch(/Left behind.*detach esd.*\r\n {4}hdiutil detach \/dev\/disk9\r\n/s);
    expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(HIDE_CURSOR));
  });

  it.runIf(LONG)('uses colour, and none with --no-color or NO_COLOR', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
    const colored = /\u001b\[3\dm/;
    const cases: [boolean, { args?: string[]; env?: Record<string, string> }][] = [
      [true, {}],
      [false, { args: ['--no-color'] }],
      [false, { env: { NO_COLOR: '1' } }],
    ];
    for (const [color, options] of cases) {
      const session = start({ terminal: true, ...options });
      await session.until(' left');
      session.child.stdin?.write('\u0003');
      expect(await session.end).toBe(130);
      expect(colored.test(session.text())).toBe(color);
    }
  });
});
