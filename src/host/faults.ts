import { HostError, type UserError } from '../errors.js';
import { plainPath } from './plain-path.js';

/** What an error of the host means. */
export interface HostFault {
  /** A sentence without its full stop, with the path in it. */
  readonly says: string;
  /** The next thing to type, where one helps. */
  readonly hint?: string;
}

/** What was being done with a path. */
type Doing = 'read' | 'use';

/** What the codes of errno(3) mean, in words, and what helps. `what` is the path, or "it". */
const CODES: Readonly<Record<string, { says: (what: string, doing: Doing) => string; hint?: string }>> = {
  ENOSPC: {
    says: (what) => `no space left on the disk while writing ${what}`,
    hint: 'Free some space, or give a place on another disk.',
  },
  EDQUOT: {
    says: (what) => `your disk quota is used up while writing ${what}`,
    hint: 'Free some space of yours, or give a place on another disk.',
  },
  EACCES: {
    says: (what, doing) => `not permitted to ${doing} ${what}`,
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
  ENOMEM: { says: () => 'this computer has no memory left', hint: 'Close other programs and try again.' },
  ENOENT: {
    says: (what) => `${what}: no such file or folder`,
    hint: 'Check how it is written: ls shows what there is.',
  },
  EEXIST: { says: (what) => `${what} is there already` },
  ENOTEMPTY: { says: (what) => `${what} is a folder with something in it` },
  EISDIR: { says: (what) => `${what}: expected a file, found a folder` },
  ENOTDIR: {
    says: (what) => `${what}: no such file: a part of this path is no folder`,
    hint: 'Check how it is written: only the last name may be a file.',
  },
  ENAMETOOLONG: {
    says: (what) => `${what}: the name is too long for this disk`,
    hint: 'Choose a shorter one: most file systems allow 255 bytes for a name, and osx-iso adds an ending.',
  },
  ELOOP: {
    says: (what) => `${what}: a link where none is followed, or links that lead in a circle`,
    hint: 'ls -l shows where it leads: give the path of the file itself.',
  },
  ENXIO: { says: (what) => `${what}: there is no device behind this name` },
  ENODEV: { says: (what) => `${what}: there is no device behind this name` },
  EBUSY: { says: (what) => `${what} is in use`, hint: 'Close what uses it and try again.' },
  ETXTBSY: { says: (what) => `${what} is a program that runs`, hint: 'Stop it and try again.' },
  EXDEV: { says: (what) => `${what} would have to move to another disk`, hint: 'Choose a place on the same disk.' },
  EIO: {
    says: (what) => `the disk failed while using ${what}`,
    hint: 'Check the disk and its cable; copy the file elsewhere.',
  },
  ESTALE: { says: (what) => `${what} is gone from its server`, hint: 'Mount the network disk again.' },
  ETIMEDOUT: { says: (what) => `${what}: the server it is on does not answer`, hint: 'Check the network disk.' },
  EFBIG: {
    says: (what) => `${what} would be larger than its file system allows`,
    hint: 'FAT32 holds no file of 4 GB: choose a disk with another file system.',
  },
  ENOTSUP: { says: (what) => `the file system of ${what} cannot do this`, hint: 'Choose a folder on another disk.' },
  EOPNOTSUPP: { says: (what) => `the file system of ${what} cannot do this`, hint: 'Choose a folder on another disk.' },
};

/** What helps against EACCES where nothing was to be changed. */
const UNREADABLE = 'ls -l shows who may. If it is yours, chmod u+r makes it readable.';

/**
 * An error of the host (errno) in words: the one place where its codes are translated. `path` is what to name where the error knows
 * no path itself. Undefined for everything else.
 */
export function hostFault(error: unknown, path?: string, doing: Doing = 'use'): HostFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path: own, dest } = error as NodeJS.ErrnoException & { dest?: string };
  if (code === undefined || !Object.hasOwn(CODES, code)) return undefined;
  const { says, hint: usual } = CODES[code]!;
  const hint = code === 'EACCES' && doing === 'read' ? UNREADABLE : usual;
  return { says: says(plainPath(path ?? dest ?? own ?? 'it'), doing), ...(hint !== undefined && { hint }) };
}

/** The errno of an error, or of what caused it: "ENOENT". */
export function hostCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return undefined;
}

type ErrorKind = new (message: string, options: { hint?: string | undefined; cause?: unknown }) => UserError;

/** What the host lacks, whoever asked it: permission, space, memory, files that may be open; and what others use. */
const LACKING: ReadonlySet<string> = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT EFBIG EMFILE ENFILE ENOMEM EBUSY ETXTBSY'.split(' '),
);

/** Whether an error of the host says that a disk, or somebody's share of it, is full. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(hostCode(error) ?? '');
}

/** Whether an error says that the host lacks something, which its user can give it. */
export function isLack(error: unknown): boolean {
  return LACKING.has(hostCode(error) ?? '');
}

/**
 * An error of the host in words: what it lacks as a HostError, anything else as one of that kind; every other error as it is. `hint` is
 * for codes that have none.
 */
export function hostError(
  error: unknown,
  path: string | undefined,
  Kind: ErrorKind,
  { hint, doing }: { readonly hint?: string; readonly doing?: Doing } = {},
): unknown {
  const fault = hostFault(error, path, doing);
  if (!fault) return error;
  const Made: ErrorKind = isLack(error) ? HostError : Kind;
  return new Made(`${fault.says}.`, { hint: fault.hint ?? hint, cause: error });
}
