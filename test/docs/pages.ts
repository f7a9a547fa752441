import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { top } from '../helpers/imports.js';

/** A fenced block of shell commands on a page. */
export interface Block {
  readonly page: string;
  /** Of its first command, from 1. */
  readonly line: number;
  readonly commands: string;
  /** Why it is not run: `<!-- not run: … -->` in front of it. */
  readonly notRun?: string;
}

/** A page for users. */
export interface Page {
  /** "docs/ci.md" */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^(?:<!-- not run: ([^\n]+?) -->\n+)?```(\w*)\n([\s\S]*?)^```$/gm;

/** README and one page a task, in order of their names. */
export function pages(): Page[] {
  const docs = readdirSync(join(top, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...docs.sort().map((name) => `docs/${name}`)].map(readPage);
}

function readPage(path: string): Page {
  const text = readFileSync(join(top, path), 'utf8');
  const blocks: Block[] = [];
  for (const { 0: whole, 1: notRun, 2: language, 3: commands = '', index } of text.matchAll(FENCE)) {
    if (language !== 'sh') continue;
    const line = text.slice(0, index + whole.indexOf('```')).split('\n').length + 1;
    blocks.push({ page: path, line, commands, ...(notRun !== undefined && { notRun }) });
  }
  return { path, text, blocks };
}

/** The words of each `osx-iso …` in the commands, as a shell would read them; pipes, redirections and comments end one. */
export function invocations(commands: string): string[][] {
  const found: string[][] = [];
  for (const line of commands.replaceAll('\\\n', ' ').split('\n')) {
    const words = [
      ...line.matchAll(/(?:^|\s)#.*|"((?:[^"\\]|\\.)*)"|'([^']*)'|(&&|\|\||[|;<>&])|((?:[^\s"'|;<>&\\]|\\.)+)/g),
    ];
    let current: string[] | undefined;
    let first = true;
    for (const { 1: double, 2: single, 3: operator, 4: bare } of words) {
      const word = double ?? single ?? bare;
      if (operator !== undefined || word === undefined) {
        current = undefined;
        first = true;
      } else if (current) current.push(word);
      else if (first && word === 'osx-iso') {
        current = [];
        found.push(current);
      } else first &&= word === 'sudo';
    }
  }
  return found;
}
