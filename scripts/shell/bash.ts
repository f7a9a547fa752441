import { type CommandNode, everyNode, type OptionNode, type ValueNode } from './tree.js';

const quoted = (words: readonly string[]) => `'${words.join(' ')}'`;
const at = ({ path }: CommandNode) => `'${path.join(' ')}'`;

/** Completion for bash 4 and later, and for macOS's bash 3.2 without its refinements; needs no bash-completion. */
export function bashCompletion(program: CommandNode): string {
  const nodes = [...everyNode(program)];
  const everywhere = program.options;
  const taking = nodes.flatMap(({ options }) => options).filter(({ value }) => value && !value.optional);
  const values = new Set(taking.flatMap(({ flags }) => flags));
  return `# bash completion of osx-iso; made by npm run setup.

_osx_iso() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at='' word i
  COMPREPLY=()
  # --engine=native comes as three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${[...values].join(' | ')}) i=$((i + 1)); continue ;;
      -*) continue ;;
    esac
    case "$at\${at:+ }$word" in
      ${nodes
        .filter(({ path }) => path.length > 0)
        .map(at)
        .join(' | ')}) at="$at\${at:+ }$word" ;;
    esac
  done
  case "$at:$prev" in
${nodes.flatMap((node) => node.options.flatMap((option) => valueCase(node, option))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $at in
${nodes
  .filter(({ path }) => path.length > 0)
  .map((node) => `      ${at(node)}) word=${quoted(node.options.flatMap(({ flags }) => flags))} ;;`)
  .join('\n')}
      *) word='' ;;
    esac
    _osx_iso_words "$word ${everywhere.flatMap(({ flags }) => flags).join(' ')}"
    return
  fi
  case $at in
${nodes.map((node) => `    ${at(node)}) ${wordsOf(node)} ;;`).join('\n')}
  esac
}

# Words, and nothing else.
_osx_iso_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
  # Where nothing fits no files are offered instead.
  compopt +o default +o bashdefault 2>/dev/null
}

# Files are readline's own business: it knows how to quote them.
complete -o bashdefault -o default -F _osx_iso osx-iso
`;
}

function valueCase(node: CommandNode, { flags, value }: OptionNode): string[] {
  if (!value || value.optional) return [];
  // The program's own can be given behind every command.
  const where = node.path.length === 0 ? '*' : at(node);
  return [`    ${flags.map((flag) => `${where}:${flag}`).join(' | ')}) ${offered(value)}; return ;;`];
}

function offered({ choices, file }: ValueNode): string {
  if (file && choices.length === 0) return ':';
  if (file)
    return `COMPREPLY=($(compgen -W ${quoted(choices)} -- "$cur") $(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null`;
  return `_osx_iso_words ${quoted(choices)}`;
}

function wordsOf({ children, words }: CommandNode): string {
  if (children.length > 0 && words.length === 0)
    return `_osx_iso_words ${quoted(children.map(({ path }) => path.at(-1)!))}`;
  const names = children.map(({ path }) => path.at(-1)!);
  const [first] = words;
  if (!first) return '_osx_iso_words ""';
  return offered({ ...first, choices: [...names, ...first.choices], file: words.some(({ file }) => file) });
}
