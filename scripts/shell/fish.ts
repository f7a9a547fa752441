import { type CommandNode, everyNode, type OptionNode, type ValueNode } from './tree.js';

const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
const is = ({ path }: CommandNode) => quoted(`__osx_iso_is ${path.join(' ')}`.trimEnd());

/** Completion for fish. */
export function fishCompletion(program: CommandNode): string {
  const nodes = [...everyNode(program)];
  const taking = nodes.flatMap(({ options }) => options).filter(({ value }) => value && !value.optional);
  const values = [...new Set(taking.flatMap(({ flags }) => flags))];
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(` ${path.join(' ')}`));
  return `# fish completion of osx-iso; made by npm run setup.

# Whether the command that is typed is this one.
function __osx_iso_is
    set -l at
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- $word ${values.join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            if contains -- "$at $word" ${paths.join(' ')}
                set at "$at $word"
            end
        end
    end
    set -l wanted
    for word in $argv
        set wanted "$wanted $word"
    end
    test "$at" = "$wanted"
end

complete -c osx-iso -f
${program.options.map((option) => optionLine('', option)).join('\n')}
${nodes.flatMap((node) => linesOf(node)).join('\n')}
`;
}

function linesOf(node: CommandNode): string[] {
  const here = ` -n ${is(node)}`;
  return [
    ...node.children.map(
      ({ path, summary }) => `complete -c osx-iso${here} -a ${quoted(path.at(-1)!)} -d ${quoted(summary)}`,
    ),
    ...(node.path.length === 0 ? [] : node.options.map((option) => optionLine(here, option))),
    ...node.words.map((word) => `complete -c osx-iso${here}${offered(word)}`),
  ];
}

function optionLine(here: string, { flags, does, value }: OptionNode): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`)).join('');
  const takes = value && !value.optional ? ` -r${offered(value)}` : '';
  return `complete -c osx-iso${here}${names}${takes} -d ${quoted(does)}`;
}

function offered({ choices, file }: ValueNode): string {
  const words = choices.length > 0 ? ` -a ${quoted(choices.join(' '))}` : '';
  return `${file ? ' -F' : ' -f'}${words}`;
}
