import type * as Osx from '../../index.js';
import type {
  BootLine,
  DeletedLine,
  DetachedLine,
  GuestEvent,
  GuestLine,
  GuestsLine,
  MachineLine,
  ScreenLine,
  ScreenshotLine,
  SshLine,
  StatusLine,
  StoppedLine,
  TypedLine,
} from './guest.js';
import type { CleanLine, DiskLine, DoctorLine, SmcLine } from './host.js';
import type { BuildLine, DownloadLine, InspectLine, ListLine, PlanLine, VerifyLine } from './iso.js';
import type {
  OpenCoreCheckLine,
  OpenCoreConfigLine,
  OpenCoreEspLine,
  PlistCheckLine,
  PlistKeysLine,
  PlistLine,
  RemoveKextLine,
} from './plist.js';

export type * from './guest.js';
export type * from './host.js';
export type * from './iso.js';
export type * from './plist.js';

/**
 * What --json prints: one object a line, each with `type` and `schema`. schemas/events.schema.json and results.schema.json are
 * made of these types by `npm run schemas`; a command's line that is not in here cannot be printed.
 *
 * The number counts up when a field goes, or means something else. New fields and new types come without notice.
 */
export const LINES = 1 as const;

/** On the way: of a run's steps, and of a guest. Not with --quiet. */
export type EventLine = Osx.RunEvent | GuestEvent;

/** What came of it: the last line of each command that prints any, and the only one with --quiet. */
export type ResultLine =
  | BuildLine
  | PlanLine
  | VerifyLine
  | InspectLine
  | ListLine
  | DownloadLine
  | PlistLine
  | PlistCheckLine
  | PlistKeysLine
  | OpenCoreConfigLine
  | OpenCoreCheckLine
  | OpenCoreEspLine
  | RemoveKextLine
  | CleanLine
  | DiskLine
  | DoctorLine
  | SmcLine
  | MachineLine
  | BootLine
  | GuestLine
  | GuestsLine
  | DeletedLine
  | DetachedLine
  | StatusLine
  | StoppedLine
  | SshLine
  | ScreenLine
  | ScreenshotLine
  | TypedLine
  | NoteLine
  | ErrorLine;

/** Lines as they are printed. */
export type PrintedEvent = EventLine & { readonly schema: typeof LINES };
export type PrintedResult = ResultLine & { readonly schema: typeof LINES };

/** The text of a line. */
export function jsonText({ type, ...rest }: EventLine | ResultLine): string {
  return JSON.stringify(Object.assign({ type, schema: LINES }, rest, { schema: LINES }));
}

/** What has to be said once on a machine. */
export interface NoteLine {
  readonly type: 'note';
  readonly text: string;
}

/** Why a command failed. After the lines that it printed before. */
export interface ErrorLine {
  readonly type: 'error';
  readonly message: string;
  /** What to type next. */
  readonly hint?: string;
  readonly exitCode: number;
  /** A mistake of the program, not of who uses it. */
  readonly bug?: true;
}
