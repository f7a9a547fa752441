import type { Leftover, RunEvent } from '../core/events.js';
import type { BootOptions } from './commands/boot.js';
import type { BuildOptions } from './commands/build.js';
import type { CleanOptions } from './commands/clean.js';
import type { DiskCreateOptions } from './commands/disk.js';
import type { DoctorOptions } from './commands/doctor.js';
import type { DownloadOptions } from './commands/download.js';
import type { RemoveKextOptions } from './commands/guest.js';
import type { InspectOptions } from './commands/inspect.js';
import type { OpenCoreCheckOptions } from './commands/opencore-check.js';
import type { OpenCoreConfigOptions } from './commands/opencore-config.js';
import type { OpenCoreEspOptions } from './commands/opencore-esp.js';
import type { PlistOptions } from './commands/plist.js';
import type { PlistCheckOptions } from './commands/plist-check.js';
import type { PlistKeysOptions } from './commands/plist-keys.js';
import type { SmcOptions } from './commands/smc.js';
import type { VerifyOptions } from './commands/verify.js';

/** What every command's work is given by the edge. */
export interface Context {
  /** Aborts at the first Ctrl-C (SIGINT, SIGTERM, SIGHUP). */
  readonly signal: AbortSignal;
  /** Events of a run, for the view. */
  emit(event: RunEvent): void;
  /** A line of the result, on stdout; with --json `data` is printed instead, as one line (nothing where there is none). */
  print(text: string, data?: unknown): void;
  /** Bytes of a result, on stdout, as fast as the reader takes them. */
  write(bytes: Uint8Array): Promise<void>;
  /** A remark for the user, on stderr; not with --quiet. */
  remark(text: string): void;
  /** Says how to find out what is owed, for the second Ctrl-C: `() => scope.pending()`. */
  holds(pending: () => readonly Leftover[]): void;
  /** Asks which of several things it shall be, by its index; undefined without an answer. Absent where nobody can be asked. */
  readonly choose?: (things: readonly string[]) => Promise<number | undefined>;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Goes into manifests. */
  readonly version: string;
}

/** What src/index.ts exports for the commands. Each throws a UserError when it cannot do its work. */
export interface Api {
  build(options: BuildOptions, context: Context): Promise<void>;
  verify(options: VerifyOptions, context: Context): Promise<void>;
  list(options: object, context: Context): Promise<void>;
  download(options: DownloadOptions, context: Context): Promise<void>;
  clean(options: CleanOptions, context: Context): Promise<void>;
  inspect(options: InspectOptions, context: Context): Promise<void>;
  plist(options: PlistOptions, context: Context): Promise<void>;
  plistCheck(options: PlistCheckOptions, context: Context): Promise<void>;
  plistKeys(options: PlistKeysOptions, context: Context): Promise<void>;
  openCoreConfig(options: OpenCoreConfigOptions, context: Context): Promise<void>;
  openCoreCheck(options: OpenCoreCheckOptions, context: Context): Promise<void>;
  openCoreEsp(options: OpenCoreEspOptions, context: Context): Promise<void>;
  removeKext(options: RemoveKextOptions, context: Context): Promise<void>;
  boot(options: BootOptions, context: Context): Promise<void>;
  diskCreate(options: DiskCreateOptions, context: Context): Promise<void>;
  doctor(options: DoctorOptions, context: Context): Promise<void>;
  smc(options: SmcOptions, context: Context): Promise<void>;
}
