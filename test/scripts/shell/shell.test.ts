import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { everyNode, treeOf } from '../../../scripts/shell/tree.js';
import { commandTree } from '../../../src/cli/main.js';
import { COMPILED } from '../../helpers/compiled.js';
import { top } from '../../helpers/imports.js';
import { find, needs } from '../../helpers/judges/needs.js';
import { LONG } from '../../helpers/long.js';

const completions = join(COMPILED, 'completions');
const page = join(COMPILED, 'man/osx-iso.1');
const program = treeOf(commandTree());

/** Runs a shell in our own folder, where the files are that it offers. */
const run = (file: string, args: readonly string[]) =>
  execFileSync(file, args, { cwd: top, encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });

/** What each shell offers behind a line whose last word is not finished. */
const SHELLS = {
  bash: (line: string) => {
    const script = `
      source "${completions}/osx-iso.bash"
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _osx_iso
      printf '%s\\n' "\${COMPREPLY[@]}"
      # Where it says nothing bash completes files.
      (( \${#COMPREPLY[@]} )) || compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"`;
    return run('bash', ['--norc', '-c', script, 'bash', ...line.split(' ')]).split('\n');
  },
  zsh: (line: string) => {
    const said = run('zsh', ['-f', join(top, 'test/scripts/shell/complete.zsh'), completions, line]);
    return [...said.matchAll(/^<(.*)>\r?$/gm)].map(([, word]) => word!);
  },
  fish: (line: string) => {
    const script = `source ${completions}/osx-iso.fish; complete -C ${JSON.stringify(line)}`;
    const words = run('fish', ['--no-config', '-c', script]).split('\n');
    return words.map((word) => word.split('\t')[0]!);
  },
} as const;

/** What is typed, and what must be offered among others, and what must not. */
const LINES: readonly [line: string, offered: readonly string[], not: readonly string[]][] = [
  ['osx-iso ', ['build', 'verify', 'boot', 'plist', 'guest'], ['check', '--app']],
  ['osx-iso plist ch', ['check'], ['keys']],
  ['osx-iso build --eng', ['--engine'], ['--map']],
  ['osx-iso build --engine ', ['hdiutil', 'native'], ['README.md']],
  ['osx-iso build --app plist --ma', ['--map'], []],
  ['osx-iso --json plist ch', ['check'], []],
  ['osx-iso plist check --f', ['--fix'], ['--force']],
  ['osx-iso verify READ', ['README.md'], []],
  ['osx-iso build -o READ', ['README.md'], []],
];

describe('completion', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    // To start zsh with its completion takes a second or two.
    test(`by ${shell}: commands, options, choices, files`, (context) => {
      needs(context, shell);
      for (const [line, offered, not] of LONG ? LINES : LINES.slice(2, shell === 'zsh' ? 3 : 5)) {
        const words = SHELLS[shell](line);
        expect(words, line).toEqual(expect.arrayContaining([...offered]));
        expect(words.filter((word) => not.includes(word))).toEqual([]);
      }
    });
  }

  test('knows every command and every option', () => {
    for (const name of ['osx-iso.bash', '_osx-iso', 'osx-iso.fish']) {
      const text = readFileSync(join(completions, name), 'utf8');
      for (const { path, options } of everyNode(program)) {
        expect(text).toContain(path.at(-1) ?? 'osx-iso');
        for (const { flags } of options) expect(text).toContain(flags.at(-1)!.replace(/^--/, ''));
      }
    }
  });
});

describe('the man page', () => {
  test('has every command and every option', () => {
    const text = readFileSync(page, 'utf8').replaceAll('\\&', '').replaceAll('\\-', '-');
    for (const { path, options } of everyNode(program)) {
      if (options.length > 1) expect(text).toContain(path.length === 0 ? '.Nm osx-iso' : `.Ss ${path.join(' ')}\n`);
      for (const { flags } of options) expect(text).toContain(`Fl ${flags.at(-1)!.slice(1)}`);
    }
  });

  test('is read by mandoc without a warning', (context) => {
    needs(context, 'mandoc');
    // Which pages it refers to are there is this machine's business.
    const said = run('mandoc', ['-T', 'lint', '-W', 'warning', page]);
    expect(said.split('\n').filter((line) => line !== '' && !line.includes('mandoc.db'))).toEqual([]);
  });

  test('is shown by man without a warning', (context) => {
    needs(context, 'man');
    const shown = execFileSync('man', ['--warnings', '-l', page], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', MANPAGER: 'cat', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(shown).toMatch(/^OSX-ISO\(1\)/);
    expect(find('man')).toBeDefined();
  });
});
