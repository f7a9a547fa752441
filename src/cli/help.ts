import { type AddHelpTextContext, Help, type HelpConfiguration } from 'commander';
import { columnsOf } from './view/format.js';
import { commandLines, NARROWEST, paragraph } from './view/terminal.js';

/** Columns where nobody says how many there are. */
const COLUMNS = 80;
/** Columns below which a description stands under its option instead of beside it. */
const BESIDE = 30;

/** commander's own help, wrapped in narrow terminals too. */
export const HELP_LOOKS: HelpConfiguration = {
  showGlobalOptions: true,
  minWidthToWrap: NARROWEST,
  displayWidth: columnsOf,
  commandUsage(this: Help, command) {
    const title = 'Usage: '.length;
    const usage = Help.prototype.commandUsage.call(this, command);
    return this.boxWrap(usage, (this.helpWidth ?? COLUMNS) - title).replaceAll('\n', `\n${' '.repeat(title)}`);
  },
  formatItem(this: Help, term, termWidth, description, helper) {
    const columns = this.helpWidth ?? COLUMNS;
    const beside = columns - termWidth - '    '.length;
    if (description === '' || beside >= BESIDE) {
      return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
    }
    const named = this.boxWrap(term, columns - '    '.length).replaceAll('\n', '\n    ');
    return `  ${named}\n${paragraph(description, columns, '      ')}`;
  },
};

/** What stands below a command's options: examples, each as it is typed, on one line; then sentences, each a paragraph of its own. */
export function examples(
  lines: readonly [string, ...string[]],
  ...sentences: readonly string[]
): (context: AddHelpTextContext) => string {
  return ({ error, command }) => {
    const { getErrHelpWidth, getOutHelpWidth } = command.configureOutput();
    const columns = (error ? getErrHelpWidth?.() : getOutHelpWidth?.()) ?? COLUMNS;
    const shown = lines.map((line) => exampleLines(line, columns, '  '));
    return [
      '',
      lines.length === 1 ? 'Example:' : 'Examples:',
      ...shown,
      ...sentences.flatMap((text) => ['', paragraph(text, columns)]),
    ].join('\n');
  };
}

/** A command as a shell takes it, in lines of at most `columns`. */
export function exampleLines(line: string, columns: number, indent = ''): string {
  return commandLines(partsOf(line, columns), columns, indent);
}

/** Where a command may go on in the next line: an option stays with its value, where both fit into one. */
function partsOf(line: string, columns: number): string[] {
  const parts: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    const before = parts.at(-1) ?? '';
    const both = `${before} ${word}`;
    const isValue = /^--?[\w-]+$/.test(before) && !word.startsWith('-');
    if (isValue && columnsOf(`    ${both} \\`) <= columns) parts[parts.length - 1] = both;
    else parts.push(word);
  }
  return parts;
}
