/** What programs can use; the command line is made of nothing else. */
export { type BootOptions, type BootPlan, boot, planBoot } from './boot/boot.js';
export { type BuildOptions, type BuildPlan, type BuildResult, build, closePlan, planBuild } from './build/build.js';
export { hdiutilScript } from './build/dry-run.js';
export type { Manifest } from './build/manifest.js';
export { type CleanAction, type CleanOptions, type CleanReport, type CleanRun, clean } from './clean.js';
export type { Emit, Leftover, Outcome, RunEvent, StepInfo } from './core/events.js';
export { Scope } from './core/scope.js';
export { type DownloadOptions, type DownloadResult, download, listProducts } from './download.js';
export * from './errors.js';
export * from './guest/index.js';
export { commandLine } from './host/quote.js';
export { type Inspection, type InspectOptions, inspect, readInside } from './inspect/index.js';
export * from './launch/index.js';
export { CHAMELEON_KEYS, type ChameleonKey, nearestKey, type Settings } from './plist/chameleon.js';
export { checkBootPlist, type Finding, type PlistReport } from './plist/check.js';
export { type Journal, openJournal, stateFolder } from './state-folder.js';
export { type Check, type VerifyReport, verifyFile } from './verify-file.js';
export { version } from './version.js';
