import { childEnvironment } from './environment.js';
import { quoteForSh } from './quote.js';

/** Milliseconds after which a question counts as unanswered. */
const PATIENCE = 10_000;

/**
 * Asks the machine something by a shell command that changes nothing: ask`sw_vers -productVersion`. Values are quoted for the
 * shell. Quiet; never throws; the trimmed output, or undefined when the machine cannot say (no such tool, it failed, it
 * printed nothing, it took too long).
 */
export async function ask(
  pieces: TemplateStringsArray,
  ...values: readonly (string | number)[]
): Promise<string | undefined> {
  try {
    // zx is slow to load: only those who ask pay for it.
    const { $ } = await import('zx');
    const shell = $({
      // Every host has sh; bash, zx's own choice, is absent from small containers.
      shell: '/bin/sh',
      prefix: '',
      postfix: '',
      quote: quoteForSh,
      quiet: true,
      verbose: false,
      nothrow: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: PATIENCE,
      // A group of its own, which can be ended as a whole.
      detached: true,
      // Answers are read by programs: no translations, no decimal commas.
      env: childEnvironment({ LANG: 'C', LC_ALL: 'C' }),
    });
    const question = shell(pieces, ...values.map(String));
    const forget = endsWithUs(() => question.pid);
    const { exitCode, stdout } = await question.finally(forget);
    const answer = stdout.trim();
    return exitCode === 0 && answer !== '' ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Groups of programs that have not answered yet. */
const waiting = new Set<() => number | undefined>();

/** Nobody waits for a question any more when this process is at its end: then the program that was asked is ended, too. */
function endsWithUs(pid: () => number | undefined): () => void {
  if (waiting.size === 0) process.once('exit', endAll);
  waiting.add(pid);
  return () => {
    waiting.delete(pid);
    if (waiting.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const pid of waiting) {
    const group = pid();
    if (group === undefined) continue;
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
