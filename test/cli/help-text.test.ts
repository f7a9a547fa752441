import { describe, expect, test } from 'vitest';
import { everyNode, treeOf } from '../../scripts/shell/tree.js';
import { commandTree } from '../../src/cli/main.js';
import { columnsOf } from '../../src/cli/view/format.js';
import { invocations } from '../docs/pages.js';
import { parses } from '../docs/parses.js';

const nodes = [...everyNode(treeOf(commandTree()))];
const options = nodes.flatMap(({ path, options }) =>
  options.map((option) => ({ name: `${path.join(' ')} ${option.flags.at(-1)}`.trim(), ...option })),
);

/** The help of a command in a terminal that wide. */
function helpAt(path: readonly string[], columns: number): string {
  let text = '';
  const output = { writeOut: (part: string) => (text += part), getOutHelpWidth: () => columns };
  const program = commandTree(async () => {}, { output });
  const command = path.reduce((at, word) => at.commands.find((each) => each.name() === word)!, program);
  command.outputHelp();
  return text;
}

/** What an option's value is, where its name alone is the unit or form: a thing on a disk, words, or what the number counts. */
const FORMS = /^(file|dir|folder|path|app|url|zip|efi|out|seconds|mib|word|words|program|host:guest)$/;
/** Where no value is taken without it: what it says is done then, and else not. */
const NOTHING = [
  ...['--log-file', '--app', '--save', '--extra', '--set', '--unset', '--oc-set', '--opencore', '--efi', '--kext'],
  ...['--disk', '--create-disk', '--backing-ok', '--chameleon', '--loader', '--ssh-port', '--forward', '--folder'],
  ...['--vnc', '--serial', '--screenshot', '--qemu-arg', '--volume', '--image', '--zip', '--iso', '--smc-config'],
];

describe('an option that takes a value', () => {
  const taking = options.flatMap((option) => (option.value ? [{ ...option, value: option.value }] : []));

  test.each(taking.map((option) => [option.name, option] as const))('%s says its form, or its unit', (_, option) => {
    const { does, value } = option;
    const parts = value.name.split('|');
    const isForm = parts.every((part) => FORMS.test(part) || value.choices.includes(part));
    // "10.10", "30G", "Timeout=2", "0 to 99", "raw, qcow2", "the number of the partition", "a port of 127.0.0.1"
    const says = /\d|\bnumber of\b|: \w+[,;]|\bprocessors\b|\bwho\b/.test(does) || /^\w+: /.test(does);
    expect(isForm || value.choices.length > 0 || says, does).toBe(true);
  });

  test.each(taking.map((option) => [option.name, option] as const))('%s says its default', (_, option) => {
    const { does, value, flags } = option;
    const hasNone = NOTHING.includes(flags.at(-1)!);
    expect(/\(default: |the same as|must be given/.test(does) || value.default !== undefined || hasNone, does).toBe(
      true,
    );
  });
});

describe.each(nodes.map(({ path, examples }) => [['osx-iso', ...path].join(' '), path, examples] as const))(
  '%s',
  (name, path, examples) => {
    test('has examples of itself, which parse', async () => {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example.replace(/^sudo /, '')).toMatch(new RegExp(`^${name}( |$)`));
        const [words] = invocations(example);
        expect({ example, ...(await parses(words!)) }).toMatchObject({ code: 0, err: '' });
      }
    });

    test.each([80, 60, 40])('has a help that fits into %d columns', (columns) => {
      const text = helpAt(path, columns);
      expect(text.match(/^Examples?:$/gm)).toEqual([examples.length === 1 ? 'Example:' : 'Examples:']);
      const long = text.split('\n').filter((line) => columnsOf(line) > columns);
      // One word cannot be broken, nor a name in quotation marks.
      expect(
        long.filter((line) => columns === 80 || / /.test(line.trim().replace(/"[^"]*"|'[^']*'| \\$/g, ''))),
      ).toEqual([]);
      expect(text.split('\n').filter((line) => line !== line.trimEnd())).toEqual([]);
    });
  },
);

test('descriptions have no lines of their own: commander wraps them', () => {
  const texts = nodes.flatMap(({ summary, description, words, options: own }) => [
    ...[summary, description],
    ...[...words, ...own].map(({ does }) => does),
  ]);
  expect(texts.filter((text) => text.includes('\n'))).toEqual([]);
});
