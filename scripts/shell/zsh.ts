import { type ArgumentNode, type CommandNode, everyNode, type OptionNode, type ValueNode } from './tree.js';

/** In single quotes of zsh. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
/** In a specification of _arguments. */
const plain = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
const functionOf = ({ path }: CommandNode) => ['_osx-iso', ...path].join('_').replaceAll(' ', '_');

/** Completion for zsh. */
export function zshCompletion(program: CommandNode): string {
  const nodes = [...everyNode(program)];
  return `#compdef osx-iso
# zsh completion of osx-iso; made by npm run setup.

${nodes.map((node) => functionText(node, program)).join('\n')}
if [[ $funcstack[1] == _osx-iso ]]; then
  _osx-iso "$@"
else
  compdef _osx-iso osx-iso
fi
`;
}

function functionText(node: CommandNode, program: CommandNode): string {
  const options = node === program ? program.options : [...node.options, ...program.options];
  const specs = options.map(optionSpec);
  const name = functionOf(node);
  if (node.children.length === 0) return `${name}() {\n  ${call([...specs, ...node.words.map(wordSpec)])}\n}\n`;
  const commands = node.children.map(({ path, summary }) => quoted(`${plain(path.at(-1)!)}:${summary}`));
  const cases = node.children.map((child) => `    ${child.path.at(-1)}) ${functionOf(child)} ;;`);
  // A group that is a command itself takes files, too.
  const files = node.words.some(({ file }) => file) ? '\n    _files' : '';
  return `${name}() {
  local context state state_descr line curcontext=$curcontext
  typeset -A opt_args
  ${call([...specs, quoted('1: :->command'), quoted('*:: :->rest')], '-C ')}
  case $state in
  command)
    local -a commands=(${commands.join(' ')})
    _describe command commands${files} ;;
  rest)
    case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}
`;
}

const call = (specs: readonly string[], more = '') => `_arguments ${more}-s -S : \\\n    ${specs.join(' \\\n    ')}`;

function optionSpec({ flags, does, value }: OptionNode): string {
  const takes = value ? `${value.optional ? '::' : ':'}${plain(value.name)}:${offered(value)}` : '';
  // Options that may be given again would be offered once only.
  const again = /again/.test(does);
  const text = `[${plain(does)}]${takes}`;
  if (flags.length === 1) return quoted(`${again ? '*' : ''}${flags[0]}${text}`);
  const before = again ? '*' : `(${flags.join(' ')})`;
  return `${quoted(before)}{${flags.join(',')}}${quoted(text)}`;
}

function wordSpec(word: ArgumentNode): string {
  return quoted(
    `${word.variadic ? '*' : ''}${word.required || word.variadic ? ':' : '::'}${plain(word.name)}:${offered(word)}`,
  );
}

function offered({ choices, file }: ValueNode): string {
  const words = choices.map(plain).join(' ');
  if (choices.length === 0) return file ? '_files' : ' ';
  return file ? `{_alternative "words\\:word\\:(${words})" "files\\:file\\:_files"}` : `(${words})`;
}
