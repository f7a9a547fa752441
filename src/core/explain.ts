import { isBug, StepError, UserError } from '../errors.js';

/** What a host's error codes mean, in words, and what helps. `what` is the path, or "it". */
const CODES: Readonly<Record<string, { says: (what: string) => string; hint?: string }>> = {
  ENOSPC: {
    says: (what) => `no space left on the disk while writing ${what}`,
    hint: 'Free some space, or choose another disk: -o FILE for the ISO, --work-dir DIR for the scratch files.',
  },
  EDQUOT: {
    says: (what) => `your disk quota is used up while writing ${what}`,
    hint: 'Choose another disk: -o FILE for the ISO, --work-dir DIR for the scratch files.',
  },
  EACCES: {
    says: (what) => `no permission to use ${what}`,
    hint: 'Check who owns it (ls -l), or choose a folder of your own.',
  },
  EPERM: {
    says: (what) => `the system does not allow this on ${what}`,
    hint: 'Check who owns it and its flags (ls -lO on a Mac, lsattr on Linux). On a Mac the terminal may need Full Disk Access.',
  },
  EROFS: { says: (what) => `${what} is on a disk that can only be read`, hint: 'Choose a folder on another disk.' },
  EMFILE: {
    says: () => 'too many files are open at once',
    hint: 'Allow more and try again: ulimit -n 4096',
  },
  ENFILE: { says: () => 'too many files are open on this computer', hint: 'Close other programs and try again.' },
  ENOENT: { says: (what) => `${what} is not there` },
  EEXIST: { says: (what) => `${what} is there already` },
  EISDIR: { says: (what) => `${what} is a folder, not a file` },
  ENOTDIR: { says: (what) => `${what} is not a folder` },
  EBUSY: { says: (what) => `${what} is in use`, hint: 'Close what uses it and try again.' },
  EIO: {
    says: (what) => `the disk failed while using ${what}`,
    hint: 'Check the disk and its cable; copy the file elsewhere.',
  },
  EFBIG: {
    says: (what) => `${what} would be larger than its file system allows`,
    hint: 'FAT32 holds no file of 4 GB: choose a disk with another file system.',
  },
};

/** Says any error so that a user can act on it: UserErrors as they are, errors of the host in words, never a stack. */
export function explain(error: unknown, doing?: string): UserError {
  if (error instanceof UserError) return error;
  const { message, hint } = inWords(error);
  return new StepError(doing === undefined ? sentence(message) : sentence(`${doing}: ${message}`), {
    hint,
    cause: error,
  });
}

function inWords(error: unknown): { message: string; hint?: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, path, dest } = error as NodeJS.ErrnoException & { dest?: string };
  const known = code === undefined || !Object.hasOwn(CODES, code) ? undefined : CODES[code];
  if (known) return { message: known.says(dest ?? path ?? 'it'), hint: known.hint };
  if (isBug(error)) {
    return {
      message: `${error.name}: ${error.message}`,
      hint: 'This looks like a bug in osx-iso; --verbose shows where it happened.',
    };
  }
  return { message: error.message || error.name };
}

function sentence(text: string): string {
  const first = text.trim();
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
