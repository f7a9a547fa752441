import { FormatError } from '../errors.js';

/** The deepest nesting that is read, XML or binary; real lists stay below 20. */
export const MAX_PLIST_DEPTH = 128;

/**
 * The most values that are read: of an XML list its keys, attributes and entities among them, of a binary one those it stands for once
 * its shared objects are written out. A list of Apple's largest kind, a catalogue of all updates, has some 300,000 (inferred).
 */
export const MAX_PLIST_VALUES = 1_000_000;

/** What is wrong with a property list, XML or of no kind at all. */
export function plistFault(name: string, expected: string, found: string, offset = 0): FormatError {
  return new FormatError({ file: name, structure: 'property list', offset, expected, found });
}
