export { type Feed, SeekFeed, StreamFeed } from './feed.js';
export type { CpioFormat, CpioHeader } from './header.js';
export { type CpioEntry, MAX_ENTRIES, readCpio } from './read.js';
export { type CpioInput, writeCpio } from './write.js';
