/** Guests that have a folder: made, found, changed, started and deleted. */
export { bootOptionsOf, type GuestBootOptions } from './boot-options.js';
export { type CreateContext, type CreateOptions, createGuest, DEFAULT_DISK_SIZE } from './create.js';
export { type Deletion, deleteGuest, planDeletion } from './delete.js';
export { type DiskState, diskState } from './disk-state.js';
export { expectGuest, findGuest, guestHint, type ListedGuest, listGuests, runningPid } from './find.js';
export type { Guest, GuestDisk, GuestLoader, GuestSystem } from './guest.js';
export { bootCommand, type CommandParts, createCommand } from './next-line.js';
export type { GuestFolder } from './read.js';
export { withFields } from './set.js';
export { guestLines, guestState, guestTitle } from './show.js';
export {
  afterRun,
  expectAtRest,
  type GuestStart,
  plistCommand,
  putPlist,
  type StartContext,
  type StartOptions,
  startOf,
  wantsPlist,
  wordsOn,
} from './start.js';
export { type TypedOptions, withTyped } from './typed.js';
export { writeGuest } from './write.js';
