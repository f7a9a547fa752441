import { HostError, SourceError, StepError, UserError } from '../../errors.js';
import { ActError } from '../../host/act.js';

/** What a failure of hdiutil means for what is to be done about it. */
export type Failure = 'busy' | 'gone' | 'exists' | 'no-space' | 'not-permitted' | 'not-recognized' | 'other';

/** errno values hdiutil ends with (facts: mostly errno, but 1 is common too), and DiskArbitration's own for "busy". */
const BY_STATUS: Readonly<Record<number, Failure>> = {
  16: 'busy',
  35: 'busy',
  28: 'no-space',
  17: 'exists',
  2: 'gone',
};
const BY_NUMBER: Readonly<Record<string, Failure>> = {
  ...BY_STATUS,
  1: 'not-permitted',
  13: 'not-permitted',
  49168: 'busy',
};
/** The last resort, for status 1 without a number: English, which LANG=C asks for. */
const BY_TEXT: readonly (readonly [RegExp, Failure])[] = [
  [/resource busy|resource temporarily unavailable|couldn't (unmount|eject)|timeout for DiskArbitration/i, 'busy'],
  [/no such file or directory|device not configured/i, 'gone'],
  [/file exists/i, 'exists'],
  [/no space left|result too large/i, 'no-space'],
  [/operation not permitted|permission denied/i, 'not-permitted'],
  [/not recogni[sz]ed|no mountable file systems|corrupt image/i, 'not-recognized'],
];

/** Tells what a failure means: from the exit status, then the number in parentheses, and only then from the words. */
export function classify(error: unknown): Failure {
  if (!(error instanceof ActError)) return 'other';
  const byStatus = error.status === undefined ? undefined : BY_STATUS[error.status];
  if (byStatus) return byStatus;
  const text = error.lines.join('\n');
  const number = /\((\d+)\)\s*$/m.exec(text)?.[1];
  const byNumber = number === undefined ? undefined : BY_NUMBER[number];
  if (byNumber) return byNumber;
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
}

/** The failure as a user can act on it. `doing` is what was wanted: "attach InstallESD.dmg". */
export function explainFailure(error: unknown, doing: string): unknown {
  if (!(error instanceof ActError)) return error;
  const failure = classify(error);
  const words = error.lines.at(-1) ?? error.message;
  const message = `Cannot ${doing}: ${words.replace(/^hdiutil: /, '').replace(/\.?$/, '.')}`;
  const options = { hint: HINTS[failure] ?? `The command was: ${error.command}`, cause: error };
  if (failure === 'not-recognized') return new SourceError(message, options);
  if (failure === 'not-permitted' || failure === 'no-space') return new HostError(message, options);
  return new StepError(message, options);
}

const HINTS: Readonly<Partial<Record<Failure, string>>> = {
  busy: 'Something else uses it. `hdiutil info` lists what is attached; `osx-iso clean` gives back what an earlier run left.',
  exists: 'A file of that name is there already: remove it, or choose another folder with --work-dir.',
  'no-space': 'Free some space, or choose another disk: -o FILE for the ISO, --work-dir DIR for the scratch files.',
  'not-permitted':
    'Give the terminal Full Disk Access (System Settings, Privacy & Security), or move the installer out of Desktop, Documents and Downloads.',
  'not-recognized': 'The image is damaged or incomplete: download the installer again.',
};

/** Runs something of hdiutil's and says its failure in words. */
export async function explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UserError && !(error instanceof ActError) ? error : explainFailure(error, doing);
  }
}
