import type * as Osx from '../../index.js';

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
