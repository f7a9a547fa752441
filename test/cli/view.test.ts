import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/cli/view/format.js';
import { LiveView } from '../../src/cli/view/live.js';
import { chooseView } from '../../src/cli/view/mode.js';
import { jsonView, plainView } from '../../src/cli/view/plain.js';
import { paragraph, row, wrapped } from '../../src/cli/view/terminal.js';
import type { RunEvent, StepInfo } from '../../src/core/events.js';
import { HostError, SeveralErrors, UsageError } from '../../src/errors.js';

const titles = [
  'Attach app:/Contents/SharedSupport/InstallESD.dmg',
  'Copy esd:/Packages to target:/System/Installation/Packages with everything in there and below',
  'Write the ISO',
];
const steps: StepInfo[] = titles.map((title, index) => ({
  index,
  verb: 'copy',
  title,
  args: ['esd:/Packages', 'target:/P'],
}));
const [attach, copy, write] = steps as [StepInfo, StepInfo, StepInfo];

/** A run as it was recorded, up to the end of the second step. */
const beginning: RunEvent[] = [
  { type: 'run:start', steps, at: 0 },
  { type: 'step:start', step: attach, at: 0 },
  { type: 'step:end', step: attach, outcome: 'done', milliseconds: 400, at: 400 },
  { type: 'step:start', step: copy, at: 400 },
  { type: 'step:note', step: copy, text: '1,234 files and folders', at: 450 },
  ...Array.from(
    { length: 101 },
    (_, i): RunEvent => ({
      type: 'step:progress',
      step: copy,
      progress: { done: i * 52e6, total: 5.2e9 },
      at: 500 + i * 400,
    }),
  ),
];
const good: RunEvent[] = [
  ...beginning,
  { type: 'step:end', step: copy, outcome: 'done', milliseconds: 40_100, at: 40_500 },
  { type: 'step:start', step: write, at: 40_500 },
  { type: 'step:progress', step: write, progress: { done: 7e8 }, at: 40_600 },
  { type: 'step:end', step: write, outcome: 'done', milliseconds: 130_000, at: 170_500 },
  { type: 'undo', title: 'remove the scratch folder', ok: true, at: 170_600 },
  { type: 'run:end', outcome: 'done', milliseconds: 170_600, leftovers: [], at: 170_600 },
];
const bad: RunEvent[] = [
  ...beginning,
  { type: 'step:end', step: copy, outcome: 'failed', milliseconds: 40_100, message: 'no space left', at: 40_500 },
  { type: 'undo', title: 'detach esd', ok: true, at: 40_600 },
  { type: 'undo', title: 'detach target', ok: false, message: 'Resource busy', at: 40_700 },
  {
    type: 'run:end',
    outcome: 'failed',
    milliseconds: 40_700,
    message: 'no space left',
    leftovers: [{ title: 'detach target', command: 'hdiutil detach /dev/disk4 -force', reason: 'Resource busy' }],
    at: 40_700,
  },
];

const plain = (events: readonly RunEvent[], options: { verbose?: boolean; quiet?: boolean } = {}) => {
  const lines: string[] = [];
  const view = plainView({ write: (line) => lines.push(line), columns: 80, ...options });
  for (const event of events) view.emit(event);
  return lines;
};

describe('plainView', () => {
  it('draws a good run', () => {
    expect(plain(good)).toEqual([
      '[1/3] Attach app:/Contents/SharedSupport/InstallESD.dmg',
      '[1/3] Attach app:/Contents/SharedSupport/InstallESD.dmg: done in 0.4s',
      '[2/3] Copy esd:/Packages to target:/System/…s with everything in there and below',
      '      1,234 files and folders',
      '      20 %  1.0 GB of 5.2 GB  130 MB/s  32s left',
      '      40 %  2.1 GB of 5.2 GB  130 MB/s  24s left',
      '      60 %  3.1 GB of 5.2 GB  130 MB/s  16s left',
      '      80 %  4.2 GB of 5.2 GB  130 MB/s  8.0s left',
      '[2/3] Copy esd:/Packages to target:/… everything in there and below: done in 40s',
      '[3/3] Write the ISO',
      '[3/3] Write the ISO: done in 2m 10s',
      'Done in 2m 51s.',
    ]);
    for (const line of plain(good)) expect(columnsOf(line)).toBeLessThanOrEqual(80);
  });

  it('draws a failure: what was undone, what was not, what to type', () => {
    const lines = plain(bad);
    expect(lines.slice(-6)).toEqual([
      'Undone: detach esd',
      'NOT undone: detach target: Resource busy',
      'Left behind, to be put right by hand:',
      '  detach target (Resource busy)',
      '    hdiutil detach /dev/disk4 -force',
      'Failed after 41s.',
    ]);
    expect(lines.at(-7)).toMatch(/below: failed after 40s$/);
  });

  it('says only what must not be missed when quiet, and more when verbose', () => {
    expect(plain(good, { quiet: true })).toEqual([]);
    expect(plain(bad, { quiet: true })).toEqual([
      'NOT undone: detach target: Resource busy',
      'Left behind, to be put right by hand:',
      '  detach target (Resource busy)',
      '    hdiutil detach /dev/disk4 -force',
    ]);
    const verbose = plain(good, { verbose: true });
    expect(verbose).toContain('      copy esd:/Packages target:/P');
    expect(verbose).toContain('Undone: remove the scratch folder');
  });
});

describe('jsonView', () => {
  it('prints each event as one line', () => {
    const lines: string[] = [];
    const view = jsonView((line) => lines.push(line));
    for (const event of bad) view.emit(event);
    expect(lines.map((line) => JSON.parse(line))).toEqual(bad.map((event) => ({ ...event, schema: 1 })));
    expect(lines.join('')).not.toContain('\n');
  });
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this takes away
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;
const live = async (
  events: readonly RunEvent[],
  options: { pause?: number; columns?: number; color?: boolean; verbose?: boolean; unicode?: boolean } = {},
) => {
  const parts: string[] = [];
  const screen = { columns: options.columns ?? 80, rows: 24, write: (part: string) => parts.push(part) > 0 };
  const { color = false, unicode = true, verbose = false } = options;
  const view = new LiveView({ screen, color, unicode, verbose });
  for (const event of events) {
    view.emit(event);
    if (options.pause !== undefined) await new Promise((resolve) => setTimeout(resolve, options.pause));
  }
  await view.close();
  const text = parts.join('');
  const lines = text.replace(ANSI, '').split('\n');
  // What stays on the screen: from the last frame on.
  const start = lines.findLastIndex((line) => line.includes('Attach app:'));
  return { text, lines, last: lines.slice(start) };
};

describe('LiveView', () => {
  it.each([
    ['all at once', undefined],
    ['one after another', 2],
  ])('ends with every row and the last line (%s)', async (_, pause) => {
    const { last, lines, text } = await live(good, pause === undefined ? {} : { pause });
    expect(last).toEqual([
      expect.stringMatching(/^. Attach app:\/Contents\/SharedSupport\/InstallESD\.dmg {2}0\.4s$/),
      expect.stringMatching(/^. Copy esd:\/Packages to .*….* there and below {2}40s$/),
      expect.stringMatching(/^ {2}. 1,234 files and folders$/),
      expect.stringMatching(/^. Write the ISO {2}2m 10s$/),
      'Done in 2m 51s.',
      '',
    ]);
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(80);
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  });

  it('draws undo lines below a failed row', async () => {
    const { last } = await live(bad, { pause: 2 });
    expect(last.slice(1, 2)).toEqual([expect.stringMatching(/^. Copy esd.* failed after 40s$/)]);
    expect(last.slice(-7)).toEqual([
      'Undone: detach esd',
      'NOT undone: detach target: Resource busy',
      'Left behind, to be put right by hand:',
      '  detach target (Resource busy)',
      '    hdiutil detach /dev/disk4 -force',
      'Failed after 41s.',
      '',
    ]);
  });

  it('shows the row that runs also on a terminal with fewer lines than rows', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      index,
      verb: 'x',
      title: `Attach app: ${index}`,
      args: [],
    }));
    const frames: string[] = [];
    const view = new LiveView({
      screen: { columns: 80, rows: 10, write: (part) => frames.push(part) > 0 },
      color: false,
    });
    view.emit({ type: 'run:start', steps: many, at: 0 });
    for (const [at, step] of many.slice(0, 15).entries()) {
      view.emit({ type: 'step:start', step, at });
      view.emit({ type: 'step:progress', step, progress: { done: at, total: 100 }, at });
      for (let i = 0; i < 100 && !frames.at(-1)?.includes(` ${at} %`); i++)
        await new Promise((go) => setTimeout(go, 10));
      const frame = (frames.at(-1) ?? '').replace(ANSI, '');
      expect(frame).toContain(`Attach app: ${at}\n`);
      expect(frame).toContain(` ${at} %`);
      expect(frame.split('\n').length).toBeLessThanOrEqual(10);
      view.emit({ type: 'step:end', step, outcome: 'done', milliseconds: 1, at });
    }
    await view.close();
  });

  it('wraps nothing on a narrow terminal', async () => {
    const { lines } = await live(good, { columns: 40, pause: 2 });
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(40);
  });

  it('shows progress while it runs', async () => {
    const { lines } = await live(beginning, { pause: 5 });
    expect(
      lines.some((line) => /^ {2}. \d+ % {2}[\d.]+ [MG]B of 5\.2 GB {2}130 MB\/s {2}[\d.]+s left$/.test(line)),
    ).toBe(true);
  });

  it('keeps results from being drawn over: they come below the rows', async () => {
    const parts: string[] = [];
    const screen = { columns: 80, rows: 24, write: (part: string) => parts.push(part) > 0 };
    const view = new LiveView({ screen, color: false });
    view.after(() => void parts.push('before all\n'));
    expect(parts).toEqual(['before all\n']);
    for (const event of good) view.emit(event);
    view.after(() => void parts.push('result\n'));
    expect(parts).toHaveLength(1);
    await view.close();
    expect(parts.join('').replace(ANSI, '')).toMatch(/Done in 2m 51s\.\nresult\n$/);
  });

  it('comes to an end when the run was stopped between two steps, and when it never began', async () => {
    const stopped: RunEvent[] = [
      ...good.slice(0, 3),
      { type: 'undo', title: 'detach esd', ok: true, at: 500 },
      { type: 'run:end', outcome: 'interrupted', milliseconds: 500, message: 'Interrupted.', leftovers: [], at: 500 },
    ];
    expect((await live(stopped, { pause: 2 })).last.at(-2)).toBe('Stopped after 0.5s.');
    expect((await live([])).text).toBe('');
  });
});

describe('a terminal that becomes narrower', () => {
  it('loses all rows that the frame takes by then, and its rows fit again', async () => {
    const parts: string[] = [];
    const listeners = new Set<() => void>();
    const screen = {
      columns: 80,
      rows: 24,
      write: (part: string) => parts.push(part) > 0,
      on: (_: 'resize', listener: () => void) => listeners.add(listener),
      off: (_: 'resize', listener: () => void) => listeners.delete(listener),
    };
    const view = new LiveView({ screen, color: false });
    const seen = (wanted: RegExp) => {
      const frame = parts.findLast((part) => part.includes('Attach app:'))?.replace(ANSI, '') ?? '';
      return wanted.test(frame) ? frame : undefined;
    };
    const until = async (wanted: RegExp) => {
      for (let i = 0; i < 200 && seen(wanted) === undefined; i++) await new Promise((go) => setTimeout(go, 10));
      return seen(wanted)!.split('\n');
    };
    for (const event of beginning.slice(0, 5)) view.emit(event);
    const before = await until(/1,234 files/);
    screen.columns = 40;
    const at = parts.length;
    for (const listener of listeners) listener();
    // The cursor stands behind the last line.
    const rows = before.reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / 40)), 0);
    expect(rows).toBeGreaterThan(before.length);
    expect(parts[at]).toBe(`\u001b[${rows - 1}A\r\u001b[J${'\n'.repeat(before.length - 1)}`);
    for (const line of await until(/Copy esd.{1,30}there and below\n/)) expect(columnsOf(line)).toBeLessThanOrEqual(40);
    for (const event of good.slice(beginning.length)) view.emit(event);
    await view.close();
    expect(listeners.size).toBe(0);
  });
});

describe('what is made of what', () => {
  const title = 'OS X 10.10.5 Yosemite (14F27) from /images/Install OS X Yosemite.app to /images/yosemite.iso';
  const events: RunEvent[] = [{ type: 'run:start', title, steps, at: 0 }, ...good.slice(1)];

  it('stands above the steps, broken at words', async () => {
    const lines = ['OS X 10.10.5 Yosemite (14F27) from /images/Install OS X Yosemite.app to', '/images/yosemite.iso'];
    expect(plain(events)[0]).toBe(lines.join('\n'));
    expect((await live(events)).lines.slice(0, 2)).toEqual(lines);
  });
});

describe('a terminal without our characters', () => {
  it('is drawn on in ASCII', async () => {
    const { text } = await live(bad, { pause: 2, unicode: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with them
    expect(text).toMatch(/^[\u0000-\u007f]*$/);
    expect(text).toContain('x Copy esd:/Packages');
    expect(text).toContain('+ Attach app:');
  });
});

describe('wrapped', () => {
  it('breaks sentences at words and leaves commands as they are', () => {
    const command = '  sudo apt install qemu-system-x86 ovmf mtools';
    expect(wrapped(`There is no QEMU on this computer.\n${command}`, 20)).toBe(
      `There is no QEMU on\nthis computer.\n${command}`,
    );
    expect(wrapped('a long sentence for a pipe or a file', undefined)).toBe('a long sentence for a pipe or a file');
    const mark = '\u001b[32mok\u001b[39m  name  ';
    expect(row(mark, 'a sentence that is longer than its column', 36)).toBe(
      `${mark}a sentence that is longer\n          than its column`,
    );
    expect(row(mark, 'a sentence in a narrow terminal', 30)).toBe(
      `${mark.trimEnd()}\n    a sentence in a narrow\n    terminal`,
    );
    expect(paragraph('鏡鏡鏡 鏡鏡鏡 鏡鏡鏡 鏡鏡鏡', 19, '  ')).toBe('  鏡鏡鏡 鏡鏡鏡\n  鏡鏡鏡 鏡鏡鏡');
  });

  it('breaks the sentences of a numbered list behind their numbers, and no command', () => {
    const several = new SeveralErrors(
      [
        new HostError('There is no QEMU on this computer.', { hint: 'sudo apt install qemu-system-x86' }),
        new UsageError(
          'Nothing starts it.',
          'Take a loader that does:\n  --opencore OpenCore-X.Y.Z-RELEASE.zip\nosx-iso doctor says more.',
        ),
      ],
      'are missing',
    );
    const text = [
      '2 things are missing:',
      '',
      '1. There is no QEMU on',
      '   this computer.',
      '   sudo apt install qemu-system-x86',
      '',
      '2. Nothing starts it.',
      '   Take a loader that',
      '   does:',
      '     --opencore OpenCore-X.Y.Z-RELEASE.zip',
      '   osx-iso doctor says',
      '   more.',
    ];
    expect(wrapped(several.message, 24).split('\n')).toEqual(text);
    expect(wrapped(several.message, undefined)).toBe(several.message);
  });

  it('gives a command that does not fit a line of its own, and breaks the meanings in a table', () => {
    expect(wrapped('   Make it: osx-iso disk create no.img --size 30G', 40)).toBe(
      '   Make it:\n     osx-iso disk create no.img --size 30G',
    );
    const table = '     --osk-file FILE         a file with nothing else in it (chmod 600)';
    expect(wrapped(table, 56)).toBe(
      '     --osk-file FILE         a file with nothing else in\n                             it (chmod 600)',
    );
    expect(wrapped(table, 40)).toBe(
      '     --osk-file FILE\n         a file with nothing else in it\n         (chmod 600)',
    );
    const named = "  rm '/tmp/a   b/a very long name of a file'";
    expect(wrapped(named, 20)).toBe(named);
    expect(wrapped('osx-iso: --disk no.img: no such file, nor a folder', 30)).toBe(
      'osx-iso: --disk no.img: no\nsuch file, nor a folder',
    );
  });
});

describe('chooseView', () => {
  const asked = { json: false, quiet: false, color: true };
  const xterm = { TERM: 'xterm' };
  it.each([
    ['a terminal', asked, true, xterm, { kind: 'live', color: true, unicode: true }],
    ['a pipe', asked, false, xterm, { kind: 'plain', color: false, unicode: true }],
    ['CI', asked, true, { ...xterm, CI: 'true' }, { kind: 'plain', color: true, unicode: true }],
    ['CI=false', asked, true, { ...xterm, CI: 'false' }, { kind: 'live', color: true, unicode: true }],
    ['NO_COLOR', asked, true, { ...xterm, NO_COLOR: '1' }, { kind: 'live', color: false, unicode: true }],
    ['NO_COLOR, empty', asked, true, { ...xterm, NO_COLOR: '' }, { kind: 'live', color: true, unicode: true }],
    ['FORCE_COLOR=0', asked, true, { ...xterm, FORCE_COLOR: '0' }, { kind: 'live', color: false, unicode: true }],
    ['--no-color', { ...asked, color: false }, true, xterm, { kind: 'live', color: false, unicode: true }],
    ['a dumb terminal', asked, true, { TERM: 'dumb' }, { kind: 'plain', color: false, unicode: true }],
    ['--json', { ...asked, json: true }, true, xterm, { kind: 'json', color: true, unicode: true }],
    ['both', { ...asked, json: true, quiet: true }, true, xterm, { kind: 'quiet', color: true, unicode: true }],
    ['a locale without UTF-8', asked, true, { ...xterm, LANG: 'C' }, { kind: 'live', color: true, unicode: false }],
    [
      "Linux's console",
      asked,
      true,
      { TERM: 'linux', LANG: 'en_US.UTF-8' },
      { kind: 'live', color: true, unicode: false },
    ],
    ['--quiet', { ...asked, quiet: true }, true, xterm, { kind: 'quiet', color: true, unicode: true }],
  ])('%s', (_, options, isTerminal, env, mode) => expect(chooseView(options, isTerminal, env)).toEqual(mode));
});
