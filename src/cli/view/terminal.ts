import { stripVTControlCharacters, styleText } from 'node:util';
import { Help } from 'commander';
import { columnsOf } from './format.js';

/** A terminal to draw on. */
export interface Screen {
  write(text: string): boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** What a stream can show. */
export interface Terminal {
  /** Undefined where nobody looks at it: a pipe, a file. */
  readonly columns: number | undefined;
  readonly paint: Paint;
}

export type Style = 'red' | 'yellow' | 'green' | 'bold';
/** The text in a style, or as it is where there is no colour. */
export type Paint = (style: Style, text: string) => string;

export function painter(color: boolean): Paint {
  // Whether the stream takes colours is decided by now; node would ask stdout.
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

/** Columns below which nothing is wrapped: a word a line is harder to read than what the terminal makes of it. */
export const NARROWEST = 16;

/** commander's wrapping, by columns instead of characters, in narrow terminals too. */
class Wrapping extends Help {
  override minWidthToWrap = NARROWEST;
  override displayWidth(text: string): number {
    return columnsOf(text);
  }
}

/** A sentence in lines of at most `columns`, broken at words, each behind `indent`. */
export function paragraph(text: string, columns: number | undefined, indent = ''): string {
  if (columns === undefined) return indent + text;
  const lines = new Wrapping().boxWrap(text, columns - indent.length).split('\n');
  return lines.map((line) => indent + line).join('\n');
}

/** Fewer columns for a row's text make a tower of words. */
const NARROW = 24;

/** A row of a table: the sentence behind its head, in lines that begin where it does; below it, deeper, where there is no room beside. */
export function row(head: string, text: string, columns: number | undefined): string {
  if (columns === undefined) return head + text;
  const indent = columnsOf(stripVTControlCharacters(head));
  const [deeper = ''] = /^ */.exec(head) ?? [];
  if (columns - indent < NARROW) return `${head.trimEnd()}\n${paragraph(text, columns, `${deeper}    `)}`;
  return head + paragraph(text, columns, ' '.repeat(indent)).slice(indent);
}

/** A command to be copied: on one line where it fits, else broken between its parts as a shell takes it. */
export function commandLines(parts: readonly string[], columns: number | undefined, indent = ''): string {
  const whole = indent + parts.join(' ');
  if (columns === undefined || columnsOf(whole) <= columns) return whole;
  const lines = [indent + (parts[0] ?? '')];
  for (const part of parts.slice(1)) {
    const longer = `${lines.at(-1)} ${part}`;
    if (columnsOf(`${longer} \\`) <= columns) lines[lines.length - 1] = longer;
    else lines.push(`${indent}  ${part}`);
  }
  return lines.join(' \\\n');
}

/** What a line of a numbered list begins with: its number, or as much space. What stands deeper is indented in the item itself. */
const ITEM = /^(?:\d+\. | {3})(?=\S)/;
/** A line to be typed as it stands, maybe behind what it does ("Make it: "); no sentence that begins with a command. */
const COMMAND = /^(?!osx-iso: )([^:]*: )?((?:sudo |brew |osx-iso |chmod |--\w).*[^.])$/;
/** Indented words and, behind a gap, what they mean; names in quotation marks may have gaps of their own. */
const ROW = /^( +[^\s'"][^'"]*?\S {3,})([^\s'"#][^'"]*)$/;

/**
 * Text with lines of its own: sentences are wrapped, those of a numbered list behind their numbers, and the right column of a table.
 * What is indented otherwise (commands to be copied, addresses) and what is a command stays whole.
 */
export function wrapped(text: string, columns: number | undefined): string {
  return columns === undefined
    ? text
    : text
        .split('\n')
        .map((line) => lineOf(line, columns))
        .join('\n');
}

function lineOf(line: string, columns: number): string {
  if (columnsOf(line) <= columns) return line;
  const [head = ''] = ITEM.exec(line) ?? [];
  const indent = ' '.repeat(head.length);
  const said = line.slice(head.length);
  const [, words, meaning] = ROW.exec(said) ?? [];
  if (words !== undefined && meaning !== undefined) return row(head + words, meaning, columns);
  if (said.startsWith(' ')) return line;
  const [, what, command] = COMMAND.exec(said) ?? [];
  if (command !== undefined) return what === undefined ? line : `${head}${what.trimEnd()}\n${indent}  ${command}`;
  return head + paragraph(said, columns, indent).slice(head.length);
}

const ASCII: Readonly<Record<string, string>> = {
  '…': '~',
  '�': '?',
  // listr2's figures and its spinner.
  '✔': '+',
  '✖': 'x',
  '❯': '>',
  '›': '>',
  '↓': '-',
  '◼': '.',
  '⚠': '!',
  '⠋': '|',
  '⠙': '/',
  '⠹': '-',
  '⠸': '\\',
  '⠼': '|',
  '⠴': '/',
  '⠦': '-',
  '⠧': '\\',
  '⠇': '|',
  '⠏': '/',
};
const NOT_ASCII = new RegExp(`[${Object.keys(ASCII).join('')}]`, 'gu');

/** What we draw ourselves, for terminals without these characters, in the same columns. Names stay as they are. */
export function inAscii(text: string): string {
  return text.replace(NOT_ASCII, (character) => ASCII[character] ?? '?');
}
