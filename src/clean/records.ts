import { basename, dirname, normalize } from 'node:path';
import type { UndoRecord } from '../core/journal.js';
import { OWN_NAME } from '../core/own-folder.js';

/** What a run writes down, with everything checked that can be. Paths are absolute. */
export type KnownRecord =
  | { readonly kind: 'file' | 'folder' | 'mounts' | 'lock' | 'run'; readonly path: string }
  | { readonly kind: 'attachment'; readonly image: string; readonly mountPoint: string };

/** What is wrong with an entry of a journal, in words. */
export interface RecordFault {
  readonly fault: string;
}

/** What unfinished files are called: beside an ISO, and in hdiutil's way. */
const UNFINISHED = /^\..+\.\d+\.partial(\.cdr)?$/;
const LOCK = /^\..+\.lock$/;

/**
 * What an entry of a journal means. A journal is a file, and anybody who may write as this user can have written it: an entry counts
 * only where it names what a run of osx-iso takes, by the names that only we give. Anything else is a fault, and never acted upon nor
 * repeated as advice.
 */
export function checkRecord(record: UndoRecord): KnownRecord | RecordFault {
  const { kind, path, image, mountPoint } = record;
  const fault = (expected: string) => ({ fault: `it says ${JSON.stringify(record)}: expected ${expected}` });
  switch (kind) {
    case 'folder':
    case 'mounts':
      return isPlace(path) && OWN_NAME.test(basename(path)) ? { kind, path } : fault('a folder called osx-iso-…');
    case 'file':
      return isPlace(path) && isUnfinished(path) ? { kind, path } : fault('an unfinished file of ours');
    case 'lock':
      return isPlace(path) && LOCK.test(basename(path)) ? { kind, path } : fault('a lock of ours');
    case 'run':
      return isPlace(path) && basename(path) === 'run.json' ? { kind, path } : fault("a running guest's run.json");
    case 'attachment':
      return isPlace(image) && isPlace(mountPoint) && OWN_NAME.test(basename(dirname(mountPoint)))
        ? { kind, image, mountPoint }
        : fault('an image and a mount point of ours');
    default:
      return fault('something that this version knows how to undo');
  }
}

/** An absolute path, as it is when nobody has tampered with it. */
function isPlace(path: unknown): path is string {
  return typeof path === 'string' && path.startsWith('/') && path === normalize(path) && !path.includes('\0');
}

function isUnfinished(path: string): boolean {
  const name = basename(path);
  return UNFINISHED.test(name) || OWN_NAME.test(name) || OWN_NAME.test(basename(dirname(path)));
}
