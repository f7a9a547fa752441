import type * as Osx from '../../index.js';

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
