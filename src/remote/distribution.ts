import { SourceError } from '../errors.js';
import { childrenOf, parseXml, XmlFault } from '../formats/xar/xml.js';

/** What a product's distribution says about it. It is not signed: what the system inside says counts. */
export interface Distribution {
  readonly version: string;
  readonly build: string;
}

/** Deepest that `auxinfo` is looked for. */
const DEPTH = 4;

/**
 * Reads VERSION and BUILD out of a product's English .dist: an XML installer script whose `auxinfo` holds a dictionary in the manner
 * of property lists (code: munki, gibMacOS, mist-cli). SourceError where it does not say.
 */
export function parseDistribution(bytes: Uint8Array, name: string): Distribution {
  const fail = (expected: string, found: string, cause?: unknown) =>
    new SourceError(`${name}: expected ${expected}, found ${found}.`, { cause });
  let root: ReturnType<typeof parseXml>;
  try {
    root = parseXml(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof XmlFault) throw fail(error.expected, error.message, error);
    throw error;
  }
  const values = new Map<string, string>();
  const visit = (element: typeof root, depth: number) => {
    for (const aux of childrenOf(element, 'auxinfo')) for (const dict of childrenOf(aux, 'dict')) take(dict);
    if (depth === 0) return;
    for (let node = element.firstChild; node; node = node.nextSibling) {
      if (node.nodeType === 1) visit(node as typeof root, depth - 1);
    }
  };
  const take = (dict: typeof root) => {
    let key: string | undefined;
    for (let node = dict.firstChild; node; node = node.nextSibling) {
      if (node.nodeType !== 1) continue;
      const text = node.textContent?.trim() ?? '';
      if (node.nodeName === 'key') key = text;
      else if (node.nodeName === 'string' && key !== undefined) values.set(key, text);
    }
  };
  visit(root, DEPTH);
  const version = values.get('VERSION') ?? values.get('macOSProductVersion') ?? '';
  const build = values.get('BUILD') ?? values.get('macOSProductBuildVersion') ?? '';
  if (!/^\d+(\.\d+){1,2}$/.test(version))
    throw fail('a VERSION in auxinfo', version === '' ? 'none' : JSON.stringify(version));
  if (!/^\w{1,12}$/.test(build)) throw fail('a BUILD in auxinfo', build === '' ? 'none' : JSON.stringify(build));
  return { version, build };
}
