/** A word as sh takes it, whatever is in it. */
export function quoteForSh(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command a person can paste. */
export function commandLine(file: string, argv: readonly string[]): string {
  return [file, ...argv].map(quoteForSh).join(' ');
}

/** The text with every secret in it made unreadable. */
export function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((out, secret) => (secret === '' ? out : out.replaceAll(secret, '[hidden]')), text);
}
