/** A word as sh takes it (bash, dash, zsh), whatever is in it. */
export function quoteForSh(word: string): string {
  return /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/.test(word) ? word : inQuotes(word);
}

function inQuotes(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words that begin something in a shell, unless they are quoted. */
const RESERVED = /^(if|then|else|elif|fi|for|while|until|do|done|case|esac|in|select|function|time|coproc|repeat)$/;

/** A program's name where a command begins: never an assignment, nor a word of the shell's own. */
export function quoteProgram(name: string): string {
  return name.includes('=') || RESERVED.test(name) ? inQuotes(name) : quoteForSh(name);
}

/** A file's name as an argument that is typed: never an option. */
export function quoteFile(path: string): string {
  return quoteForSh(path.startsWith('-') ? `./${path}` : path);
}

/** A command a person can paste. */
export function commandLine(file: string, argv: readonly string[]): string {
  return [quoteProgram(file), ...argv.map(quoteForSh)].join(' ');
}

/** The text with every secret in it made unreadable. */
export function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((out, secret) => (secret === '' ? out : out.replaceAll(secret, '[hidden]')), text);
}
