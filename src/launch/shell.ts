import { UsageError } from '../errors.js';
import { quoteForSh, quoteProgram } from '../host/quote.js';
import { OSK_VARIABLE, type OskSource, smcSection } from './osk.js';

/** Where the printed command has its configuration. */
export const SHELL_CONFIG = '/dev/fd/3';

/**
 * The command for a shell (sh, bash, zsh), an option a line. The key is not in it: the shell reads it where the user has it, and
 * hands it to QEMU on a descriptor, so that it is in no process list and no environment.
 */
export function shellCommand(program: string, argv: readonly string[], source: OskSource | undefined): string {
  const lines = [source?.kind === 'environment' ? `env -u ${OSK_VARIABLE} ${forEnv(program)}` : quoteProgram(program)];
  for (const [i, word] of argv.entries()) {
    // An option and its value stay together.
    const isValue = i > 0 && !word.startsWith('-') && argv[i - 1]!.startsWith('-');
    if (isValue) lines.push(`${lines.pop()} ${quoteForSh(word)}`);
    else lines.push(`  ${quoteForSh(word)}`);
  }
  const command = lines.join(' \\\n');
  if (!source || !argv.includes(SHELL_CONFIG)) return command;
  return `${keyFile(source, '\n')}${command} 3<<SMC\n${smcSection(keyWord(source))}SMC`;
}

/** A command that writes the configuration to a file, for programs that start QEMU on their own. */
export function configCommand(path: string, source: OskSource): string {
  const before = `umask 077; ${keyFile(source, '; ')}`;
  return `( ${before}cat >${quoteForSh(path)} <<SMC\n${smcSection(keyWord(source))}SMC\n)`;
}

/** Between the marks of a here-document no name can be quoted: a line of it could be taken for the end. So a variable has it. */
function keyFile(source: OskSource, end: string): string {
  return source.kind === 'file' ? `osk_file=${quoteForSh(source.path)}${end}` : '';
}

/** What the shell replaces by the key. */
function keyWord(source: OskSource): string {
  switch (source.kind) {
    case 'file':
      return '$(tr -d \'\\r\\n\' <"$osk_file")';
    case 'environment':
      return `$${OSK_VARIABLE}`;
    case 'host':
      return '$(osx-iso smc --raw OSK0 OSK1)';
  }
}

function forEnv(program: string): string {
  if (!program.includes('=')) return quoteForSh(program);
  throw new UsageError(
    `--qemu ${program}: a program with "=" in its name cannot be started without ${OSK_VARIABLE} (env takes it for a variable).`,
    'Give the key by --osk-file, or QEMU by another name.',
  );
}
