import type * as Osx from '../index.js';

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

/** A guest has started: what other programs reach it by. Once more where it is started again by another accelerator. */
export interface GuestStart {
  readonly type: 'guest:start';
  /** QEMU's process. */
  readonly pid: number;
  readonly accelerator: string;
  /** The path of QEMU's second QMP socket: for one program after another, each only for a moment. */
  readonly qmp: string;
  readonly ports: Osx.Ports;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Something happened to the guest that a person should know. */
export interface GuestNote {
  readonly type: 'guest:note';
  readonly text: string;
  readonly at: number;
}

export type GuestEvent = GuestStart | GuestNote;

/** `build` */
export interface BuildLine {
  readonly type: 'build';
  /** What to type next. */
  readonly next: string;
  /** The ISO, and the manifest beside it: manifest.schema.json says what is in that. */
  readonly iso: string;
  readonly manifest: string;
  /** Every file that was made. */
  readonly made: readonly string[];
  readonly name: Osx.Manifest['iso']['name'];
  /** Bytes. */
  readonly size: Osx.Manifest['iso']['size'];
  readonly sha256: Osx.Manifest['iso']['sha256'];
  readonly map: Osx.Manifest['iso']['map'];
  readonly volume: Osx.Manifest['iso']['volume'];
  readonly esp?: Osx.Manifest['iso']['esp'];
  readonly source: Osx.Manifest['source'];
}

/** `build --dry-run` */
export interface PlanLine {
  readonly type: 'plan';
  readonly source: string;
  readonly version: string;
  readonly build: string;
  readonly output: string;
  readonly engine: Osx.BuildPlan['engine'];
  readonly map: Osx.BuildPlan['map'];
  /** Bytes. */
  readonly spaceNeeded: number;
  readonly spaceFree: number;
  readonly steps: readonly Osx.PlannedStep[];
  /** What of this host is in the way. */
  readonly problems: readonly { readonly message: string; readonly hint?: string }[];
  /** Of the hdiutil engine: what a person would type. */
  readonly script?: readonly string[];
}

/** `verify` */
export interface VerifyLine extends Osx.VerifyReport {
  readonly type: 'verify';
}

/** `inspect` */
export interface InspectLine extends Osx.Inspection {
  readonly type: 'inspect';
}

/** `list` */
export interface ListLine {
  readonly type: 'list';
  readonly installers: readonly {
    readonly title: string;
    readonly version: string;
    readonly build: string;
    readonly id?: string;
    /** ISO 8601. */
    readonly posted?: Date;
    /** Sizes in bytes. */
    readonly parts: readonly { readonly name: string; readonly size: number; readonly urls: readonly string[] }[];
  }[];
  /** Why some are not in the list. */
  readonly missing?: string;
}

/** `download` */
export interface DownloadLine extends Osx.DownloadResult {
  readonly type: 'download';
}

/** `plist`: printed or written; with --volume and --image what was changed there. */
export type PlistLine =
  | { readonly type: 'plist'; readonly text: string; readonly output?: string; readonly written?: boolean }
  | ({ readonly type: 'plist' } & (VolumeChanges | ImageChanges));

/** On a mounted volume. */
export interface VolumeChanges {
  readonly volume: string;
  readonly changes: readonly Osx.MountedChange[];
  readonly written: boolean;
}

/** In a guest's disk. */
export interface ImageChanges extends Omit<Osx.IsoEdit, 'changes'> {
  readonly image: string;
  /** Paths are POSIX. */
  readonly changes: readonly {
    readonly what: Osx.GuestChange['what'];
    readonly path: string;
    readonly note?: string;
  }[];
}

/** `plist check` */
export type PlistCheckLine =
  | ({ readonly type: 'plist-check'; readonly file: string } & Osx.PlistReport)
  | ({
      readonly type: 'plist-check';
      readonly file: string;
      readonly findings: Osx.PlistReport['findings'];
    } & Osx.FixedFile);

/** `plist keys` */
export interface PlistKeysLine {
  readonly type: 'plist-keys';
  readonly keys: readonly Osx.ChameleonKey[];
}

/** `opencore config` */
export interface OpenCoreConfigLine {
  readonly type: 'opencore-config';
  readonly text: string;
  readonly drivers: readonly string[];
  readonly kexts: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly remarks: readonly string[];
  readonly output?: string;
}

/** `opencore check` */
export type OpenCoreCheckLine =
  | ({ readonly type: 'opencore-check'; readonly file: string } & Osx.CheckedConfig)
  | ({ readonly type: 'opencore-check'; readonly file: string } & Osx.FixedConfigFile);

/** `opencore esp` */
export interface OpenCoreEspLine extends Osx.EspImage {
  readonly type: 'opencore-esp';
}

/** `guest remove-kext` */
export type RemoveKextLine =
  | { readonly type: 'remove-kext'; readonly name: string; readonly needless: string; readonly written: false }
  | ({ readonly type: 'remove-kext' } & (VolumeChanges | ImageChanges));

/** `clean` */
export interface CleanLine extends Osx.CleanReport {
  readonly type: 'clean';
  readonly dryRun: boolean;
}

/** `disk create` */
export interface DiskLine extends Osx.DiskInfo {
  readonly type: 'disk';
}

/** `doctor` */
export interface DoctorLine {
  readonly type: 'doctor';
  readonly release: string;
  readonly findings: readonly Osx.HostFinding[];
}

/** `smc` */
export interface SmcLine {
  readonly type: 'smc';
  readonly keys: readonly {
    readonly key: string;
    readonly type?: string;
    readonly flags?: number;
    /** Bytes. */
    readonly size: number;
    readonly hex: string;
  }[];
}

/** `boot --dry-run` */
export interface MachineLine {
  readonly type: 'machine';
  readonly machine: Osx.Machine;
  readonly program: string;
  readonly argv: readonly string[];
  /** Where the SMC's key comes from; never the key. */
  readonly key?: Osx.OskSource;
  readonly create?: { readonly file: string; readonly size: number };
  /** With --format libvirt. */
  readonly xml?: string;
  /** With --format proxmox: the file, and the same as commands. */
  readonly conf?: string;
  readonly commands?: string;
  /** With --format packer. */
  readonly hcl?: string;
  /** With --format vagrant. */
  readonly vagrantfile?: string;
}

/** `boot`: how the guest ended. */
export interface BootLine extends Osx.GuestEnd {
  readonly type: 'boot';
}

/** `guest create`, `guest set`, `guest show` */
export interface GuestLine {
  readonly type: 'guest';
  /** Its folder. */
  readonly path: string;
  /** What guest.json says: guest.schema.json. */
  readonly guest: Osx.Guest;
  /** The process that looks after it, where it runs. */
  readonly pid?: number;
}

/** `guest list` */
export interface GuestsLine {
  readonly type: 'guests';
  readonly guests: readonly {
    readonly name: string;
    readonly path?: string;
    readonly guest?: Osx.Guest;
    /** Why its guest.json cannot be read. */
    readonly fault?: string;
    readonly pid?: number;
  }[];
}

/** `guest delete` */
export interface DeletedLine extends Osx.Deletion {
  readonly type: 'deleted';
  readonly path: string;
}

/** `boot GUEST --detach` */
export interface DetachedLine extends Omit<Osx.RunState, 'schema'> {
  readonly type: 'detached';
  readonly guest: string;
  /** The file with what boot says. */
  readonly log: string;
}

/** `guest status` */
export interface StatusLine extends Omit<Osx.GuestStatus, 'run'>, Partial<Omit<Osx.RunState, 'schema'>> {
  readonly type: 'status';
  readonly guest: string;
}

/** `guest stop` */
export interface StoppedLine extends Osx.Stopped {
  readonly type: 'stopped';
  readonly guest: string;
}

/** `guest wait` */
export interface SshLine {
  readonly type: 'ssh';
  readonly guest: string;
  /** What its ssh server says first. */
  readonly banner: string;
}

/** `boot --web`: before the guest's end. */
export interface ScreenLine {
  readonly type: 'screen';
  /** Whoever has this address sees the screen and types there. */
  readonly url: string;
  readonly port: number;
}

/** `guest screenshot` */
export interface ScreenshotLine {
  readonly type: 'screenshot';
  readonly guest: string;
  readonly file: string;
}

/** `guest type` */
export interface TypedLine {
  readonly type: 'typed';
  readonly guest: string;
  /** Characters. */
  readonly typed: number;
  readonly of: number;
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
