/**
 * osx-iso as a library; the command line is made of nothing else. Nothing here prints, asks or ends the process. What fails throws a
 * UserError: its message says what was expected and found, its hint what to do, and README's table what its exit code means.
 */

// Builds, in one call or from a plan that was looked at.

export type { Emit, Leftover, Outcome, PlannedStep, RunEvent, StepInfo } from './core/events.js';
export type { Built } from './iso/build-and-keep.js';
export { type BuildRun, build } from './iso/build-run.js';
export { hdiutilScript } from './iso/dry-run.js';
export { editIso, type IsoEdit } from './iso/edit-iso.js';
export type { BootWay, Manifest, RemoteSource } from './iso/manifest.js';
export { type BuildOptions, type BuildPlan, closePlan, planBuild } from './iso/plan.js';

// Proofs of a finished ISO, and looking into anything.

export { type Inspection, type InspectOptions, inspect, readInside } from './inspect/index.js';
export { type Check, type VerifyReport, verifyFile } from './iso/verify-file.js';

// Apple's downloads.

export { type DownloadOptions, type DownloadResult, download, listProducts } from './download/index.js';

// Guests: planned, started, printed for other programs.

export { type BootPlan, planBoot } from './boot/boot.js';
export type { BootOptions } from './boot/options.js';
export { sshTunnel } from './boot/screen.js';
export { type BootRun, boot } from './boot/start.js';
export {
  configCommand,
  createDisk,
  DEFAULT_RELEASE,
  DETACHED,
  type DetachedGuest,
  type DiskInfo,
  detachGuest,
  expectRunning,
  expectTypable,
  type Forward,
  type GuestEnd,
  type GuestStatus,
  guestStatus,
  isAlive,
  libvirtXml,
  type Machine,
  type Ports,
  type Profile,
  type ProxmoxGuest,
  packerTemplate,
  parseForward,
  parseSize,
  profileOf,
  profiles,
  proxmoxGuest,
  qemuArgs,
  type RunState,
  readRunState,
  runFolder,
  SHELL_CONFIG,
  type Stopped,
  shellCommand,
  sshInto,
  statusLines,
  stopGuest,
  takeDetached,
  takeFromEnvironment,
  takeScreenshot,
  typeText,
  vagrantfile,
  waitForSsh,
  withControl,
} from './launch/index.js';

// Guests that have a folder.

export {
  afterRun,
  bootCommand,
  type CommandParts,
  type CreateOptions,
  createCommand,
  createGuest,
  DEFAULT_DISK_SIZE,
  type Deletion,
  type DiskState,
  deleteGuest,
  expectAtRest,
  expectGuest,
  findGuest,
  type Guest,
  type GuestFolder,
  type GuestStart,
  guestHint,
  guestLines,
  guestState,
  guestTitle,
  type ListedGuest,
  listGuests,
  planDeletion,
  plistCommand,
  putPlist,
  runningPid,
  type StartOptions,
  startOf,
  type TypedOptions,
  wantsPlist,
  withFields,
  wordsOn,
  writeGuest,
} from './guest-folder/index.js';

// Guests' disks: plists in, kexts out.

export {
  composePlist,
  type EditContext,
  editImage,
  type GuestChange,
  type ImageEdit,
  type ImageEditOptions,
  indented,
  installMounted,
  type MountedChange,
  type MountedOptions,
  mountedLines,
  needlessHere,
  type PlistRequest,
  plainEdit,
  removeKextMounted,
  stageKextRemoval,
  stagePlist,
  valuesOf,
} from './guest-disk/index.js';

// Chameleon's plists and OpenCore's.

export {
  checkPlistFile,
  type FixedFile,
  findingLine,
  fixPlistFile,
  plistRequest,
  templateNames,
  templateText,
  writePlistFile,
} from './guest-disk/index.js';
export {
  type CheckedConfig,
  checkConfigFile,
  type FixedConfigFile,
  fixConfigFile,
  writeConfigFile,
} from './opencore/config-file.js';
export { type EspImage, type EspRequest, makeEsp, makeOpenCoreConfigOf } from './opencore/index.js';
export { CHAMELEON_KEYS, type ChameleonKey, nearestKey, type Settings } from './plist/chameleon/boot-plist.js';
export { checkBootPlist, type Finding, type PlistReport } from './plist/chameleon/check.js';

// This host, and what dead runs left on it.

export { type CleanAction, type CleanOptions, type CleanReport, type CleanRun, clean } from './clean/index.js';
export {
  diagnose,
  dumpKey,
  type Host,
  type HostFinding,
  licenceNote,
  type OskSource,
  openDevPort,
  type Port,
  probeHost,
  readKey,
  type SmcValue,
} from './launch/index.js';

// What a run takes and gives back, for whoever makes runs of his own; errors.

export { Scope } from './core/scope.js';
export { type Journal, openJournal, stateFolder } from './core/state-folder.js';
export {
  type ExitCode,
  FormatError,
  type FormatFault,
  HostError,
  Interrupted,
  SourceError,
  StepError,
  UsageError,
  UserError,
  VerifyError,
} from './errors.js';
export { commandLine, quoteFile } from './host/quote.js';
export { version } from './version.js';
