/**
 * A model of Chameleon's plist reader, written from the measurements of facts about it (trunk's xml.c with its callers, and Enoch
 * 2902), not from src/plist: what it returns is what the loader would act on. Works on the buffer as C does: a "tag" is what lies
 * between "<" and the next ">", and closing tags are compared as strings.
 */
export type Read =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'unusable' };

export interface LoaderConfig {
  /** Raw tags by key; nothing in it when the parser gave up. */
  readonly keys: ReadonlyMap<string, Read>;
  getString(key: string): string | undefined;
  getBool(key: string): boolean | undefined;
  getInt(key: string): number | undefined;
  /** What VESA mode would be asked for: the default without a depth. */
  getMode(key: string): { width: number; height: number; depth: number };
  /** Seconds; 'for ever' where the loader waits for a key. */
  timeout(): number | 'for ever' | 'at once';
}

/** Old builds hold the file and a NUL in 4096 bytes. */
const OLD_BUFFER = 4096;
const GIVE_UP = Symbol('the parser returned -1');
/** Bits a pixel by the words for them. */
const DEPTHS: Readonly<Record<number, number>> = { 8: 8, 15: 15, 16: 16, 24: 24, 32: 32, 256: 8, 555: 16, 888: 32 };
const DEFAULT_MODE = { width: 1024, height: 768, depth: 32 };

/** The file at this path as a loader with a buffer of `buffer` bytes would have it. Other paths are not looked at. */
export function chameleonReads(path: string, file: Uint8Array, buffer = OLD_BUFFER): LoaderConfig {
  const found = path === '/Extra/org.chameleon.Boot.plist' && file.length < buffer;
  return chameleonParses(found ? file : new Uint8Array());
}

/** What any of the property lists that the loader reads with this reader says to it. */
export function chameleonParses(file: Uint8Array): LoaderConfig {
  const parsed = parseFile(Buffer.from(file).toString('latin1').split('\0')[0]!);
  const keys: ReadonlyMap<string, Read> = parsed === GIVE_UP ? new Map() : parsed;
  const getString = (key: string) => {
    const read = keys.get(key);
    return read?.type === 'string' ? read.value : undefined;
  };
  const getInt = (key: string) => {
    const text = getString(key);
    if (text === undefined) return undefined;
    let at = text[0] === '-' ? 1 : 0;
    let number = 0;
    for (; at < text.length && text[at]! >= '0' && text[at]! <= '9'; at++) number = number * 10 + Number(text[at]);
    if (at < text.length || text === '' || text === '-') return undefined;
    return text[0] === '-' ? -number : number;
  };
  return {
    keys,
    getString,
    getInt,
    getBool: (key) => {
      const read = keys.get(key);
      // <false/> is not found, whatever the default.
      if (read?.type === 'boolean') return read.value ? true : undefined;
      return read?.type === 'string' ? 'Yy'.includes(read.value[0] ?? '-') : undefined;
    },
    getMode: (key) => {
      // The first three runs of digits, whatever stands between them (measured with Enoch r2839; code: getNumberArrayFromProperty).
      const [width, height, depth] = (getString(key)?.match(/\d+/g) ?? []).map(Number);
      if (width === undefined || height === undefined || depth === undefined) return DEFAULT_MODE;
      const known = DEPTHS[depth];
      return known === undefined ? DEFAULT_MODE : { width, height, depth: known };
    },
    timeout: () => {
      const seconds = getInt('Timeout');
      if (seconds === undefined || seconds === 0) return 'for ever';
      return seconds < 0 ? 'at once' : seconds;
    },
  };
}

function parseFile(buffer: string): Map<string, Read> | typeof GIVE_UP {
  let pos = 0;
  for (;;) {
    const open = buffer.indexOf('<', pos);
    const close = open === -1 ? -1 : buffer.indexOf('>', open);
    if (close === -1) return GIVE_UP;
    const tag = buffer.slice(open + 1, close);
    pos = close + 1;
    if (tag === 'dict' || tag.startsWith('dict ')) return parseDict(buffer, pos);
    if (tag === 'dict/') return new Map();
    // A comment is one more unknown tag, but one that holds ">" was seen to lose everything.
    if (tag.startsWith('!--') && !tag.endsWith('--')) return GIVE_UP;
  }
}

function parseDict(buffer: string, from: number): Map<string, Read> | typeof GIVE_UP {
  const keys = new Map<string, Read>();
  let pos = from;
  let key: string | undefined;
  for (;;) {
    const open = buffer.indexOf('<', pos);
    const close = open === -1 ? -1 : buffer.indexOf('>', open);
    if (close === -1) return GIVE_UP;
    const tag = buffer.slice(open + 1, close);
    pos = close + 1;
    const untilClosing = (name: string): string | undefined => {
      const begin = pos;
      for (;;) {
        const lt = buffer.indexOf('<', pos);
        const gt = lt === -1 ? -1 : buffer.indexOf('>', lt);
        if (gt === -1) return undefined;
        pos = gt + 1;
        if (buffer.slice(lt + 1, gt) === `/${name}`) return buffer.slice(begin, lt);
      }
    };
    const give = (read: Read) => {
      if (key !== undefined) keys.set(key, read);
      key = undefined;
    };
    // A key without a value at the end was not measured either.
    if (tag === '/dict') return key === undefined ? keys : GIVE_UP;
    if (tag.startsWith('!--')) {
      // Between a key and its value it takes the value's place; anywhere else it ends the list.
      if (key === undefined) return keys;
      give({ type: 'unusable' });
    } else if (tag === 'key') {
      // A key where a value should be was not measured: nothing counts on it.
      if (key !== undefined) return GIVE_UP;
      key = untilClosing('key');
      if (key === undefined) return GIVE_UP;
    } else if (tag === 'string') {
      const value = untilClosing('string');
      if (value === undefined) return GIVE_UP;
      give({ type: 'string', value });
    } else if (tag === 'true/' || tag === 'false/') give({ type: 'boolean', value: tag === 'true/' });
    else if (tag === 'string/') give({ type: 'unusable' });
    else if (['integer', 'data', 'array', 'dict'].includes(tag)) {
      if (untilClosing(tag) === undefined) return GIVE_UP;
      give({ type: 'unusable' });
    } else return GIVE_UP;
  }
}
