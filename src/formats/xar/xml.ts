import { DOMParser, type Element } from '@xmldom/xmldom';

/** Deepest nesting we read. Apple's tables of contents have about 8 levels. */
export const MAX_DEPTH = 64;
/** Most of everything that a document is built of: elements (about 30 a member), attributes, comments, sections. */
export const MAX_ELEMENTS = 100_000;

/** What is wrong with an XML text, before its file is known. Offsets are characters. */
export class XmlFault extends Error {
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string, found: string) {
    super(found);
    this.offset = offset;
    this.expected = expected;
  }
}

/** Parses an XML text of a format, bounded; nothing reaches the console. Throws an XmlFault, nothing else. */
export function parseXml(text: string): Element {
  checkBounds(text);
  let problem: string | undefined;
  const onError = (level: string, message: string) => {
    if (level !== 'warning') problem ??= firstLine(message);
  };
  let root: Element | null = null;
  try {
    root = new DOMParser({ onError, locator: false, normalizeLineEndings }).parseFromString(
      text,
      'text/xml',
    ).documentElement;
  } catch (error) {
    problem ??= firstLine(error instanceof Error ? error.message : String(error));
  }
  if (problem !== undefined) throw new XmlFault(0, 'well-formed XML', problem);
  if (!root) throw new XmlFault(0, 'an XML document', 'none');
  return root;
}

/** XML 1.0, section 2.11; the parser's own does what XML 1.1 says, which changes names. */
const normalizeLineEndings = (text: string) => text.replace(/\r\n?/g, '\n');

/**
 * A parser builds everything it is given: count it, and its depth, first. Document types are refused, and with them entity
 * declarations; no xar has one.
 */
function checkBounds(text: string): void {
  let depth = 0;
  let built = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const start = at;
    built++;
    if (text.startsWith('<?', at)) at = after(text, '?>', at + 2, start);
    else if (text.startsWith('<!--', at)) at = after(text, '-->', at + 4, start);
    else if (text.startsWith('<![CDATA[', at)) at = after(text, ']]>', at + 9, start);
    else if (text.startsWith('<!', at)) {
      throw new XmlFault(start, 'no document type', JSON.stringify(text.slice(at, at + 20)));
    } else {
      const tag = tagEnd(text, at);
      at = tag.end;
      built += tag.attributes;
      if (text[start + 1] === '/') {
        depth--;
        built--;
      } else if (text[at - 2] !== '/') depth++;
      if (depth > MAX_DEPTH) throw new XmlFault(start, `at most ${MAX_DEPTH} nested elements`, 'more');
    }
    if (built > MAX_ELEMENTS) throw new XmlFault(start, `at most ${MAX_ELEMENTS} elements and attributes`, 'more');
  }
}

/** The place after the next `mark`. */
function after(text: string, mark: string, from: number, start: number): number {
  const end = text.indexOf(mark, from);
  if (end < 0) throw new XmlFault(start, JSON.stringify(mark), 'the end of the text');
  return end + mark.length;
}

/** Of a tag: its name, an attribute (`>` may stand in a value), its end. What control characters do in names parsers disagree about. */
const TAG_NAME = /<\/?[^\s\p{Cc}"'<>/=]*/uy;
const ATTRIBUTE = /\s+[^\s\p{Cc}"'<>/=]+\s*=\s*(?:"[^"]*"|'[^']*')/uy;
const TAG_END = /\s*\/?>/uy;

/**
 * The place after the tag that begins at `start`, and how many attributes it has. Those without a value in quotes are refused: they are
 * not well-formed, and the parser only warns of them, so that nothing would bound their number.
 */
function tagEnd(text: string, start: number): { end: number; attributes: number } {
  let end = start;
  const next = (pattern: RegExp) => {
    pattern.lastIndex = end;
    const found = pattern.test(text);
    if (found) end = pattern.lastIndex;
    return found;
  };
  next(TAG_NAME);
  let attributes = 0;
  while (next(ATTRIBUTE)) attributes++;
  if (next(TAG_END)) return { end, attributes };
  const expected = 'a tag that ends, and attributes with values in quotes';
  throw new XmlFault(start, expected, JSON.stringify(text.slice(start, start + 20)));
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, 200);
}

/** The child elements of a name, in order. */
export function childrenOf(element: Element, name: string): Element[] {
  const found: Element[] = [];
  for (let node = element.firstChild; node; node = node.nextSibling) {
    if (node.nodeType === 1 && node.nodeName === name) found.push(node as Element);
  }
  return found;
}

/** The text of the first child element of a name, without surrounding white space. */
export function textOf(element: Element, name: string): string | undefined {
  return childrenOf(element, name)[0]?.textContent?.trim();
}
