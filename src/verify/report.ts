import { Interrupted, UserError } from '../errors.js';

export type CheckSeverity = 'error' | 'warning';

/** One thing that was looked at in a finished disk. */
export interface Check {
  /** What it is about: "partition map", "volume", "kernel". */
  readonly name: string;
  /** False for errors only. */
  readonly ok: boolean;
  /** Absent where all is well. 'warning': another loader than the release's usual one minds; or something could not be proved. */
  readonly severity?: CheckSeverity;
  /** One sentence a person understands: what was found, or what was expected and found. */
  readonly text: string;
}

/** What a finished disk turned out to be. */
export interface VerifyReport {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Set where SystemVersion.plist could be read. */
  readonly version?: string;
  readonly build?: string;
  readonly map?: string;
  /** The loader on its EFI system partition: it starts by UEFI. */
  readonly loader?: 'opencore' | 'other';
  readonly volume?: { readonly name: string; readonly uuid: string };
}

/** Collects checks; a check that throws what is wrong with the disk is one that failed, with the error's sentence. */
export class Checks {
  readonly all: Check[] = [];

  get ok(): boolean {
    return this.all.every((check) => check.ok);
  }

  pass(name: string, text: string): void {
    this.all.push({ name, ok: true, text });
  }

  fail(name: string, text: string): void {
    this.find('error', name, text);
  }

  find(severity: CheckSeverity, name: string, text: string): void {
    this.all.push({ name, ok: severity !== 'error', severity, text });
  }

  /** Runs one check. Returns what it returns, undefined when it failed. */
  async attempt<T>(name: string, check: () => Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      // The host's failures, ours and the user's wish to stop are no faults of the disk.
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      this.fail(name, error.message);
      return undefined;
    }
  }
}
