import { FormatError } from '../../errors.js';
import { isBinaryPlist } from '../binary-plist.js';
import { PlistPlaces } from '../places.js';
import { asDict, buildPlist, encodingOf, type PlistDict, type PlistValue, parsePlist, plistText } from '../plist.js';
import { readXmlPlist } from '../xml-plist.js';
import type { ConfigCode } from './findings.js';

/** A config.plist as OpenCore has it. */
export interface ConfigReading {
  readonly text: string;
  /** Undefined where it cannot be read. */
  readonly config?: PlistDict;
  readonly places: PlistPlaces;
  /** What is wrong with the text itself. */
  readonly faults: readonly TextFault[];
  /** The same in a form that OpenCore reads, where that is another text. */
  readonly rewritten?: string;
}

export interface TextFault {
  readonly severity: 'error' | 'warning';
  readonly code: ConfigCode;
  /** Characters from the start. */
  readonly at: number;
  readonly message: string;
  readonly fix?: string;
}

/** The file, for who reads one whole (formats/whole.ts); Sample.plist has some 60,000 bytes. */
export const CONFIG_PLIST = { what: "OpenCore's config.plist", most: 4 << 20 } as const;

/** Levels of elements inside each other that OpenCore follows (code: XML_PARSER_NEST_LEVEL); <plist> is one. */
const MOST_LEVELS = 32;
const STOPS = 'OpenCore does not start with a configuration it cannot read';

/** What a property list is that other programs read and OpenCore does not; undefined where it may be one for OpenCore. */
export function foreignForm(bytes: Uint8Array): string | undefined {
  if (isBinaryPlist(bytes)) return 'a binary property list';
  return encodingOf(bytes) === 'utf-8' ? undefined : 'UTF-16';
}

/** Reads a file as OpenCore does (code: OcXmlLib): XML in UTF-8, nothing else. Never throws. */
export function readConfig(bytes: Uint8Array, name: string): ConfigReading {
  const foreign = foreignForm(bytes);
  if (foreign !== undefined) return foreignConfig(bytes, name, foreign);
  let text = '';
  const faults: TextFault[] = [];
  try {
    text = plistText(bytes, name);
    if (bytes[0] === 0xef) {
      const message = `a byte order mark: OpenCore's reader wants "<" first. ${STOPS}.`;
      faults.push({ severity: 'error', code: 'byte-order-mark', at: 0, message, fix: 'the byte order mark is gone' });
    }
    const { value, places, end } = rootOf(text, name, faults);
    const config = asDict(value);
    if (!config) {
      const message = `no <dict> in <plist>. ${STOPS}.`;
      faults.push({ severity: 'error', code: 'broken-xml', at: places.root.at, message });
      return { text, places, faults };
    }
    if (places.depth > MOST_LEVELS) {
      const message = `elements in more than ${MOST_LEVELS} levels. ${STOPS}.`;
      faults.push({ severity: 'error', code: 'too-deep', at: 0, message });
    }
    const changed = bytes[0] === 0xef || end !== undefined;
    const rewritten = end === undefined ? text : `${text.slice(0, end)}\n`;
    return { text, config, places, faults, ...(changed && { rewritten }) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { text, places: new PlistPlaces(), faults: [...faults, unreadable(error, bytes, text)] };
  }
}

/** OpenCore stops reading at </plist>; what comes behind it (from `end` on) disturbs others. */
function rootOf(
  text: string,
  name: string,
  faults: TextFault[],
): { readonly value: PlistValue; readonly places: PlistPlaces; readonly end?: number } {
  const places = new PlistPlaces();
  try {
    return { value: readXmlPlist(text, name, places), places };
  } catch (error) {
    if (!(error instanceof FormatError) || places.root.end === 0) throw error;
    const close = /^\s*<\/plist\s*>/.exec(text.slice(places.root.end))?.[0];
    const end = places.root.end + (close?.length ?? 0);
    if (close === undefined || error.fault.offset < Buffer.byteLength(text.slice(0, end))) throw error;
    const message = 'what stands behind </plist> is not read by OpenCore, and other programs refuse the file for it.';
    faults.push({
      severity: 'warning',
      code: 'behind-the-end',
      at: end,
      message,
      fix: 'nothing stands behind </plist>',
    });
    return { ...rootOf(text.slice(0, end), name, faults), end };
  }
}

function foreignConfig(bytes: Uint8Array, name: string, what: string): ConfigReading {
  const places = new PlistPlaces();
  try {
    const rewritten = buildPlist(parsePlist(bytes, name));
    const message = `${what}: OpenCore reads XML in UTF-8 only. ${STOPS}.`;
    const fault = { severity: 'error', code: 'not-xml-text', at: 0, message, fix: 'it is XML in UTF-8' } as const;
    return { text: '', places, faults: [fault], rewritten };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { text: '', places, faults: [unreadable(error, bytes, '')] };
  }
}

function unreadable({ fault }: FormatError, bytes: Uint8Array, text: string): TextFault {
  const head = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  const json = head.startsWith('{') || head.startsWith('[');
  const xml = text !== '' && !json;
  const expected = `expected ${fault.expected}, found ${fault.found}`;
  const what = json ? 'JSON, no property list' : `${xml ? 'broken XML' : 'no property list'}: ${expected}`;
  const message = `${what}. ${STOPS}.`;
  const at = Buffer.from(text).subarray(0, fault.offset).toString('utf8').length;
  return { severity: 'error', code: xml ? 'broken-xml' : 'not-xml-text', at, message };
}
