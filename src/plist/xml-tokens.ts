import { MAX_PLIST_VALUES, plistFault } from './limits.js';

/** A tag, or a run of text between two: of a text with comments in it there are several. */
export type XmlToken =
  | { readonly kind: 'open' | 'empty' | 'close'; readonly name: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number };

const NAME = '[A-Za-z_:][A-Za-z0-9_:.-]*';
const TAG = new RegExp(`<(${NAME})`, 'y');
const CLOSE = new RegExp(`</(${NAME})\\s*>`, 'y');
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*("[^"<]*"|'[^'<]*')`, 'y');
const TAG_END = /\s*(\/?)>/y;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(\w{1,20}));/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Takes an XML text apart, front to back: nothing is built, so that time and memory do not depend on what is in it. Comments and
 * processing instructions are passed over, entities decoded; those that a document type could declare are not known. `name` is what
 * errors call it; their offsets are bytes of UTF-8.
 */
export class XmlTokens {
  readonly #text: string;
  readonly #name: string;
  #at = 0;
  /** Elements, attributes, entities and CDATA sections so far. */
  #count = 0;
  /** A document type was there: before the first element there may be one. */
  #typed = false;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  /** Where the next token begins: characters from the start. */
  get at(): number {
    return this.#at;
  }

  /** The next token; undefined at the end. */
  next(): XmlToken | undefined {
    const text = this.#text;
    while (this.#at < text.length) {
      const at = this.#at;
      if (text[at] !== '<') return this.#run(at);
      if (text.startsWith('<!--', at)) this.#pass(at, 4, '-->');
      else if (text.startsWith('<?', at)) this.#pass(at, 2, '?>');
      else if (text.startsWith('<![CDATA[', at)) {
        this.#pass(at, 9, ']]>');
        this.#counted(at);
        return { kind: 'text', text: lines(text.slice(at + 9, this.#at - 3)), at };
      } else if (text.startsWith('<!', at)) this.#documentType(at);
      else return text[at + 1] === '/' ? this.#close(at) : this.#open(at);
    }
    return undefined;
  }

  /** A FormatError about what is at this place. */
  fault(at: number, expected: string, found: string) {
    return plistFault(this.#name, expected, found, Buffer.byteLength(this.#text.slice(0, at)));
  }

  #run(at: number) {
    const next = this.#text.indexOf('<', at);
    this.#at = next < 0 ? this.#text.length : next;
    return { kind: 'text', text: this.#decoded(lines(this.#text.slice(at, this.#at)), at), at } as const;
  }

  /** Entities count like elements: each is a piece of its own until the text is joined. */
  #decoded(run: string, at: number): string {
    const parts: string[] = [];
    let done = 0;
    for (let from = run.indexOf('&'); from >= 0; from = run.indexOf('&', done)) {
      this.#counted(at + from);
      parts.push(run.slice(done, from), this.#entity(run, from, at));
      done = run.indexOf(';', from) + 1;
    }
    return parts.length === 0 ? run : `${parts.join('')}${run.slice(done)}`;
  }

  #entity(run: string, from: number, at: number): string {
    ENTITY.lastIndex = from;
    const [whole, decimal, hex, name] = ENTITY.exec(run) ?? [];
    const known = name !== undefined && Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : 0;
    if (isCharacter(code)) return String.fromCodePoint(code);
    throw this.fault(at + from, 'an entity of XML itself', JSON.stringify(whole ?? run.slice(from, from + 20)));
  }

  /** Goes behind the mark that ends what begins at `at`. */
  #pass(at: number, opening: number, mark: string): void {
    const end = this.#text.indexOf(mark, at + opening);
    if (end < 0) throw this.fault(at, `"${mark}"`, 'the end of the text');
    this.#at = end + mark.length;
  }

  /** `<!DOCTYPE plist PUBLIC "…" "…">`, or with declarations of its own in brackets, which nobody needs. */
  #documentType(at: number): void {
    if (this.#typed || this.#count > 0 || !this.#text.startsWith('<!DOCTYPE', at))
      throw this.fault(at, 'a tag', JSON.stringify(this.#text.slice(at, at + 20)));
    this.#typed = true;
    const end = this.#text.indexOf('>', at);
    const bracket = this.#text.indexOf('[', at);
    if (bracket < 0 || (end >= 0 && end < bracket)) this.#pass(at, 9, '>');
    else {
      this.#pass(at, bracket - at, ']');
      this.#pass(at, this.#at - at, '>');
    }
  }

  #close(at: number): XmlToken {
    CLOSE.lastIndex = at;
    const found = CLOSE.exec(this.#text);
    if (!found) throw this.fault(at, 'the end of an element', JSON.stringify(this.#text.slice(at, at + 20)));
    this.#at = CLOSE.lastIndex;
    return { kind: 'close', name: found[1]!, at };
  }

  #open(at: number): XmlToken {
    TAG.lastIndex = at;
    const found = TAG.exec(this.#text);
    if (!found) throw this.fault(at, 'a tag', JSON.stringify(this.#text.slice(at, at + 20)));
    this.#at = TAG.lastIndex;
    this.#counted(at);
    const seen = new Set<string>();
    for (;;) {
      ATTRIBUTE.lastIndex = this.#at;
      const attribute = ATTRIBUTE.exec(this.#text);
      if (!attribute) break;
      if (seen.has(attribute[1]!)) throw this.fault(at, 'each attribute once', JSON.stringify(attribute[1]));
      seen.add(attribute[1]!);
      this.#counted(at);
      this.#at = ATTRIBUTE.lastIndex;
    }
    TAG_END.lastIndex = this.#at;
    const end = TAG_END.exec(this.#text);
    if (!end) throw this.fault(at, 'a tag that ends', JSON.stringify(this.#text.slice(at, at + 20)));
    this.#at = TAG_END.lastIndex;
    return { kind: end[1] === '/' ? 'empty' : 'open', name: found[1]!, at };
  }

  #counted(at: number): void {
    if (++this.#count > MAX_PLIST_VALUES) throw this.fault(at, `at most ${MAX_PLIST_VALUES} values`, 'more');
  }
}

/** Ends of lines as XML has them (1.0, section 2.11). */
function lines(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

/** XML 1.0, section 2.2: what a document can hold, and a reference can stand for. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 9 || code === 10 || code === 13;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x1_0000 && code <= 0x10_ffff);
}
