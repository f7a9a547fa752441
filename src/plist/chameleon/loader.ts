/** What the loader makes of the value of a key. Only a string or a boolean is of use to it. */
export type LoaderValue =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'boolean'; readonly yes: boolean }
  /** integer, dict, array, data: read, and then refused when it is looked up. */
  | { readonly kind: 'other'; readonly element: string }
  /** <string/>, or a comment in the value's place. */
  | { readonly kind: 'none'; readonly element: string };

/** A key of the dict as the loader met it. Offsets are bytes. */
export interface LoaderPair {
  readonly key: string;
  /** Of the key's first character. */
  readonly keyAt: number;
  readonly value: LoaderValue;
  /** Of the value's text, or of its element. */
  readonly valueAt: number;
}

/** Why the loader's reading ended before the end of the dict. */
export interface Stop {
  /**
   * comment: the dict ends there. element: one it does not know; everything is lost. end: the file ends inside the dict. no-dict:
   * there is none. head-comment: a comment before the dict with a ">" in it.
   */
  readonly why: 'comment' | 'element' | 'end' | 'no-dict' | 'head-comment';
  readonly offset: number;
  /** The tag as written, without its brackets. */
  readonly tag: string;
}

/** A file as Chameleon reads it. */
export interface LoaderReading {
  /** In the order of the file; a key that comes twice is here twice, and the last one counts. */
  readonly pairs: readonly LoaderPair[];
  /** What the loader looks keys up in: empty where all is lost. */
  readonly found: ReadonlyMap<string, LoaderValue>;
  readonly stop?: Stop;
  /** Of the dict's tag; -1 where there is none. */
  readonly dictAt: number;
  /** Of the first byte after the dict; what comes there is not read. */
  readonly end: number;
}

/** Bytes of the loader's buffer (IO_CONFIG_DATA_SIZE of the trunk); what comes after is not read. */
export const LOADER_BUFFER = 40_960;
/** Levels of dicts and arrays inside each other. */
const MAX_DEPTH = 64;

interface Tag {
  /** Without the brackets. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Thrown inside the reader alone. */
class Lost extends Error {
  constructor(readonly stop: Stop) {
    super(stop.why);
  }
}

/**
 * Reads a file the way Chameleon does (i386/libsaio/xml.c, measured on the trunk's reader and on Enoch 2902): no XML, but a search
 * for "<" and ">" that knows a handful of elements. Never throws.
 */
export function readAsLoader(bytes: Uint8Array): LoaderReading {
  // One character a byte, and a C string: a NUL ends it.
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LOADER_BUFFER)).toString('latin1');
  const nul = all.indexOf('\0');
  const text = nul < 0 ? all : all.slice(0, nul);
  const reader = new Reader(text);
  const pairs: LoaderPair[] = [];
  let dictAt = -1;
  try {
    const dict = findDict(reader);
    dictAt = dict.start;
    const stop = dict.name.endsWith('/') ? undefined : readDict(reader, pairs);
    const found = new Map(pairs.map(({ key, value }) => [key, value]));
    return { pairs, found, ...(stop && { stop }), dictAt, end: reader.at };
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    return { pairs, found: new Map(), stop: error.stop, dictAt, end: reader.at };
  }
}

/** Bytes of a text as it was read: UTF-8 where it is, for people. */
export function showBytesAsText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

class Reader {
  at = 0;

  constructor(readonly text: string) {}

  /** The next tag: everything from a "<" to the next ">". */
  next(): Tag | undefined {
    const start = this.text.indexOf('<', this.at);
    const end = start < 0 ? -1 : this.text.indexOf('>', start);
    if (end < 0) {
      this.at = this.text.length;
      return undefined;
    }
    this.at = end + 1;
    return { name: this.text.slice(start + 1, end), start, end: end + 1 };
  }

  /** The raw text up to the closing tag, whatever is in between. */
  until(element: string): string {
    const from = this.at;
    for (let tag = this.next(); tag; tag = this.next()) {
      if (tag.name === `/${element}`) return this.text.slice(from, tag.start);
    }
    throw new Lost({ why: 'end', offset: from, tag: element });
  }
}

function findDict(reader: Reader): Tag {
  for (let tag = reader.next(); tag; tag = reader.next()) {
    if (tag.name === 'dict' || /^dict[ /]/.test(tag.name)) return tag;
    // A comment's own ">" must be the first one.
    if (tag.name.startsWith('!--') && !tag.name.endsWith('--')) {
      throw new Lost({ why: 'head-comment', offset: tag.start, tag: tag.name });
    }
  }
  throw new Lost({ why: 'no-dict', offset: 0, tag: '' });
}

/** Reads up to the end of the dict, or of what the loader takes for it. */
function readDict(reader: Reader, pairs: LoaderPair[]): Stop | undefined {
  const begin = reader.at;
  for (let tag = reader.next(); tag; tag = reader.next()) {
    if (tag.name === '/dict') return undefined;
    if (tag.name.startsWith('!--')) return { why: 'comment', offset: tag.start, tag: tag.name };
    if (tag.name === 'key') pairs.push(readPair(reader));
    else skipValue(reader, tag, 1);
  }
  throw new Lost({ why: 'end', offset: begin, tag: 'dict' });
}

function readPair(reader: Reader): LoaderPair {
  const keyAt = reader.at;
  const key = reader.until('key');
  const tag = reader.next();
  if (!tag) throw new Lost({ why: 'end', offset: keyAt, tag: 'key' });
  if (tag.name === 'string') {
    const valueAt = reader.at;
    return { key, keyAt, valueAt, value: { kind: 'string', text: reader.until('string') } };
  }
  const valueAt = tag.start;
  if (tag.name === 'true/' || tag.name === 'false/') {
    return { key, keyAt, valueAt, value: { kind: 'boolean', yes: tag.name === 'true/' } };
  }
  if (tag.name === 'string/' || tag.name.startsWith('!--')) {
    return { key, keyAt, valueAt, value: { kind: 'none', element: tag.name } };
  }
  skipValue(reader, tag, 1);
  return { key, keyAt, valueAt, value: { kind: 'other', element: elementOf(tag.name) } };
}

/** Goes past a value that is of no use to the loader. */
function skipValue(reader: Reader, tag: Tag, depth: number): void {
  const element = elementOf(tag.name);
  const lost = () => new Lost({ why: 'element', offset: tag.start, tag: tag.name });
  if (tag.name === 'string/' || tag.name === 'true/' || tag.name === 'false/') return;
  switch (element) {
    case 'string':
      // With attributes it is another element to the loader.
      if (tag.name !== 'string') throw lost();
      reader.until('string');
      return;
    case 'integer':
    case 'data':
      if (tag.name.endsWith('/')) throw lost();
      reader.until(element);
      return;
    case 'dict':
    case 'array':
      if (!tag.name.endsWith('/')) skipInside(reader, element, tag, depth);
      return;
    default:
      throw lost();
  }
}

function skipInside(reader: Reader, element: string, opened: Tag, depth: number): void {
  if (depth > MAX_DEPTH) throw new Lost({ why: 'element', offset: opened.start, tag: opened.name });
  for (let tag = reader.next(); tag; tag = reader.next()) {
    if (tag.name === `/${element}`) return;
    if (tag.name === 'key') reader.until('key');
    else skipValue(reader, tag, depth + 1);
  }
  throw new Lost({ why: 'end', offset: opened.start, tag: element });
}

function elementOf(name: string): string {
  return /^[^\s/]*/.exec(name)![0];
}
