import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';

/** A command with everything that can be typed after it. */
export interface CommandNode {
  /** Below osx-iso: ['plist', 'check']; [] is the program itself. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly words: readonly ArgumentNode[];
  /** Its own; those of the program itself can be given everywhere. */
  readonly options: readonly OptionNode[];
  readonly children: readonly CommandNode[];
  /** Lines that can be typed. */
  readonly examples: readonly string[];
}

/** What an option or an argument takes. */
export interface ValueNode {
  /** "file", "path|name|url" */
  readonly name: string;
  readonly choices: readonly string[];
  /** Files are offered. */
  readonly file: boolean;
}

export interface ArgumentNode extends ValueNode {
  readonly does: string;
  readonly required: boolean;
  readonly variadic: boolean;
}

export interface OptionNode {
  /** As typed: ["-o", "--output"]. */
  readonly flags: readonly string[];
  readonly does: string;
  readonly value?: ValueNode & {
    readonly optional: boolean /** What is taken without it, where the description does not say that. */;
    readonly default?: string;
  };
}

/** Words that stand for something on a disk. */
const FILES = /\b(app|dir|efi|file|folder|guest|image|installer|iso|out|path|plist|zip)\b/;

/** The command tree as data. */
export function treeOf(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  return {
    path,
    summary: command.summary(),
    description: command.description(),
    words: command.registeredArguments.map((argument) => ({
      ...valueNode(argument.name(), argument.argChoices, argument.description),
      does: argument.description,
      required: argument.required,
      variadic: argument.variadic,
    })),
    options: help.visibleOptions(command).map(optionOf),
    // The one that commander makes for every group says nothing that --help does not.
    children: command.commands
      .filter((child) => child.name() !== 'help')
      .map((child) => treeOf(child, [...path, child.name()])),
    examples: examplesOf(command),
  };
}

/** Every command, the program first. */
export function* everyNode(node: CommandNode): Generator<CommandNode> {
  yield node;
  for (const child of node.children) yield* everyNode(child);
}

function optionOf(option: Option): OptionNode {
  const [, bracket, name] = /([<[])([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    does: option.description,
    ...(name !== undefined && {
      value: {
        ...valueNode(name, option.argChoices, option.description),
        optional: bracket === '[',
        ...(option.defaultValue !== undefined && { default: String(option.defaultValue) }),
      },
    }),
  };
}

function valueNode(name: string, choices: readonly string[] = [], does = ''): ValueNode {
  // "<package|host|file>": the words that are no kinds of things can be typed as they stand.
  const parts = name.split('|');
  const words = parts.length > 1 ? parts.filter((part) => /^(package|host|none|auto)$/.test(part)) : [];
  const file = choices.length === 0 && (FILES.test(name) || (/\bkext\b/.test(name) && /folder|zip/.test(does)));
  return { name, choices: choices.length > 0 ? choices : words, file };
}

/** The commands below "Example:" in a command's help, each on one line. */
function examplesOf(command: Command): string[] {
  let text = '';
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (part: string) => (text += part),
  });
  const lines: string[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const last = lines.at(-1);
    if (last?.endsWith('\\')) lines[lines.length - 1] = `${last.slice(0, -1).trimEnd()} ${line}`;
    else if (/^(sudo )?osx-iso /.test(line)) lines.push(line);
  }
  return lines;
}
