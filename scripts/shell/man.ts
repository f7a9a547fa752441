import { exampleLines } from '../../src/cli/help.js';
import { type ArgumentNode, type CommandNode, everyNode, type OptionNode } from './tree.js';

/** What the page has beside the command tree. */
export interface ManFacts {
  readonly version: string;
  readonly date: Date;
}

/** Columns of the page's source. */
const WIDTH = 78;
/** Columns of what stands as it is typed, on a page of 80: man indents it by 11. */
const LITERAL = 69;

/** Nothing in it is a macro. */
function escaped(words: string): string {
  const quoted = words.replaceAll('\\', '\\e').replaceAll('"', '\\(dq');
  return quoted.replace(/^([.'])/gm, '\\&$1');
}

/** Running text: a sentence begins a line, as mdoc wants it. */
function text(words: string): string {
  const lines: string[] = [''];
  for (const word of words.replaceAll('\n', ' ').split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && (/[.!?]$/.test(line) || line.length + word.length > WIDTH)) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return escaped(lines.join('\n'));
}

/** Words behind a macro, where a short one could be another macro's name. */
const behind = (words: string) =>
  escaped(words)
    .split(' ')
    .map((word) => `\\&${word}`)
    .join(' ');

/** osx-iso(1), in mdoc. */
export function manPage(program: CommandNode, { version, date }: ManFacts): string {
  const month = date.toLocaleString('en-US', { month: 'long', timeZone: 'UTC' });
  const nodes = [...everyNode(program)].filter(
    ({ children, options, words, path }) =>
      path.length > 0 && (children.length === 0 || words.length > 0 || options.length > 1),
  );
  const lines = [
    `.Dd ${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`,
    '.Dt OSX-ISO 1',
    `.Os "osx-iso ${version}"`,
    '.Sh NAME',
    '.Nm osx-iso',
    '.Nd bootable OS X installer ISOs, and guests that boot them',
    '.Sh SYNOPSIS',
    ...nodes.map((node) => `.Nm\n${synopsis(node).join('\n')}`),
    '.Sh DESCRIPTION',
    text(program.description),
    '.Pp',
    'These options can be given with every command:',
    ...optionList(program.options),
    '.Sh COMMANDS',
    ...nodes.flatMap((node) => commandLines(node)),
    '.Sh ENVIRONMENT',
    '.Bl -tag -width Ds',
    ".It Ev OSX_ISO_OSK\nThe SMC's key, for a guest; taken out of the environment before any other program is started.",
    '.It Ev NO_COLOR\nNothing is coloured.',
    '.It Ev SOURCE_DATE_EPOCH\nThe time that is written into an ISO, in seconds since 1970: the same input makes the same ISO.',
    '.El',
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa X.iso.json\nThe manifest beside an ISO: what was made, from what, and what it needs to boot.',
    '.It Pa ~/.local/state/osx-iso\nWhat has to be given back, for\n.Nm\n.Cm clean ;\non a Mac\n.Pa ~/Library/Application Support/osx-iso .',
    '.El',
    '.Sh EXIT STATUS',
    '.Bl -tag -width Ds',
    ...EXIT.map(([code, means]) => `.It ${code}\n${means}`),
    '.El',
    '.Sh EXAMPLES',
    ...literal(program.examples),
    '.Sh SEE ALSO',
    '.Xr qemu-img 1 ,\n.Xr qemu-system-x86_64 1',
  ];
  return `${lines.join('\n')}\n`;
}

/** README's table. */
const EXIT = [
  ['0', 'Done.'],
  ['1', 'A step failed.'],
  ['2', 'The command line makes no sense.'],
  ['3', 'The source cannot be used.'],
  ['4', 'This host lacks something; the message says what to type.'],
  ['5', 'The verification failed.'],
  ['130', 'Interrupted.'],
] as const;

function synopsis({ path, options, words }: CommandNode): string[] {
  return [`.Cm ${behind(path.join(' '))}`, ...(options.length > 1 ? ['.Op Ar options'] : []), ...words.map(wordMacro)];
}

function wordMacro({ name, required, variadic }: ArgumentNode): string {
  return `.${required ? '' : 'Op '}Ar ${behind(name)}${variadic ? ' ...' : ''}`;
}

function commandLines(node: CommandNode): string[] {
  const { path, description, options, words, examples } = node;
  const described = words.filter(({ does }) => does !== '');
  return [
    `.Ss ${behind(path.join(' '))}`,
    text(description),
    ...list([...described.map((word) => [`.It Ar ${behind(word.name)}`, text(word.does)]), ...options.map(optionItem)]),
    ...(examples.length === 0 ? [] : ['.Pp', examples.length === 1 ? 'Example:' : 'Examples:', ...literal(examples)]),
  ];
}

/** Lines as they are typed. */
const literal = (lines: readonly string[]) => [
  '.Bd -literal -offset indent',
  ...lines.map((line) => escaped(exampleLines(line, LITERAL))),
  '.Ed',
];

const optionList = (options: readonly OptionNode[]) => list(options.map(optionItem));

function optionItem({ flags, does, value }: OptionNode): string[] {
  const takes = value ? (value.optional ? ` Op Ar ${behind(value.name)}` : ` Ar ${behind(value.name)}`) : '';
  const { choices = [], default: usual } = value ?? {};
  const more = [
    ...(choices.length > 0 ? [choices.join(', ')] : []),
    ...(usual === undefined ? [] : [`default: ${usual}`]),
  ];
  // Fl writes the first hyphen.
  const named = flags.map((flag) => `Fl ${flag.slice(1).replaceAll('-', '\\-')}`);
  return [`.It ${named.join(' , ')}${takes}`, text(more.length === 0 ? does : `${does} (${more.join('; ')})`)];
}

function list(items: readonly (readonly string[])[]): string[] {
  return items.length === 0 ? [] : ['.Bl -tag -width Ds', ...items.flat(), '.El'];
}
