/** A JSON value that knows on which line it stands. */
export type Located = { readonly line: number } & (
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Located[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Located> }
);

/** Text that is no JSON: on which line, what is expected there and what stands there. */
export class JsonFault extends Error {
  constructor(
    readonly line: number,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`line ${line}: expected ${expected}, found ${found}`);
  }
}

/** Arrays and objects inside each other. */
const MAX_DEPTH = 32;

const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** What a person takes for one thing, to say what was found. */
const SEEN = /"[^"\n]*"?|[^\s{}[\],:"]+|\S/y;

/** Reads JSON (RFC 8259) so that a fault in its meaning can be told with its line. JsonFault where it is none, or says a name twice. */
export function readLocated(text: string): Located {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Located {
    this.#space();
    const line = this.#line;
    if (depth > MAX_DEPTH) throw this.#fault(`at most ${MAX_DEPTH} values inside each other`);
    if (this.#skip('{')) return { line, kind: 'object', members: this.#members(depth) };
    if (this.#skip('[')) return { line, kind: 'array', items: this.#items(depth) };
    const string = this.#string();
    if (string !== undefined) return { line, kind: 'string', value: string };
    const number = this.#take(NUMBER);
    if (number !== undefined) return { line, kind: 'number', value: Number(number) };
    const word = this.#take(WORD);
    if (word === undefined) throw this.#fault('a value');
    return word === 'null' ? { line, kind: 'null' } : { line, kind: 'boolean', value: word === 'true' };
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault('the end of the file');
  }

  #members(depth: number): Map<string, Located> {
    const members = new Map<string, Located>();
    if (this.#skip('}')) return members;
    do {
      this.#space();
      const start = this.#at;
      const name = this.#string();
      if (name === undefined) throw this.#fault('a name in double quotes');
      if (members.has(name)) {
        this.#at = start;
        throw this.#fault('each name once');
      }
      if (!this.#skip(':')) throw this.#fault(`":" after ${JSON.stringify(name)}`);
      members.set(name, this.value(depth + 1));
    } while (this.#skip(','));
    if (!this.#skip('}')) throw this.#fault('"," or "}"');
    return members;
  }

  #items(depth: number): Located[] {
    const items: Located[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#skip(','));
    if (!this.#skip(']')) throw this.#fault('"," or "]"');
    return items;
  }

  #skip(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    this.#line += (this.#take(SPACE) ?? '').split('\n').length - 1;
  }

  #string(): string | undefined {
    const start = this.#at;
    const found = this.#take(STRING);
    if (found === undefined) return undefined;
    try {
      return JSON.parse(found) as string;
    } catch {
      this.#at = start;
      throw this.#fault('a text in which control characters are written as \\n, \\t or \\u0000');
    }
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const [found] = token.exec(this.#text) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fault(expected: string): JsonFault {
    this.#space();
    const line = this.#line;
    const seen = this.#take(SEEN);
    return new JsonFault(line, expected, seen === undefined ? 'the end of the file' : seen.slice(0, 40));
  }
}
