import type * as Osx from '../../index.js';

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
