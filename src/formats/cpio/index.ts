export { type Feed, SeekFeed, StreamFeed } from './feed.js';
export { type CpioFormat, type CpioHeader, HEADER_SIZE, parseHeader } from './header.js';
export { MAX_NAMES } from './paths.js';
export { bytesOf, type CpioEntry, decodeName, MAX_NAME, readCpio, splitName } from './read.js';
export { type CpioInput, writeCpio } from './write.js';
