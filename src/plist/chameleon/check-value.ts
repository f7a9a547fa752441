import type { Severity } from '../findings.js';
import { type ChameleonKey, valueFault } from './boot-plist.js';
import type { FindingCode } from './findings.js';
import { type LoaderPair, showBytesAsText } from './loader.js';

type Add = (severity: Severity, code: FindingCode, offset: number, message: string, key: string) => void;

/** Says what is wrong with the value of a key the loader knows. */
export function checkValue({ value, valueAt }: LoaderPair, known: ChameleonKey, add: Add): void {
  const { name } = known;
  const wants = `write ${known.value.kind === 'boolean' ? '<string>Yes</string> or <string>No</string>' : '<string>…</string>'}`;
  switch (value.kind) {
    case 'string':
      text(value.text, valueAt, known, add);
      return;
    case 'boolean':
      booleanElement(value.yes, valueAt, known, add);
      return;
    case 'other': {
      const what = `the loader refuses <${value.element}> for "${name}", as if the key were not there: ${wants}.`;
      add('error', 'not-a-string', valueAt, what, name);
      return;
    }
    case 'none': {
      const comment = value.element.startsWith('!--');
      const what = comment ? 'a comment between key and value' : '<string/>';
      const why = `${what}: the loader does not find "${name}"; ${wants}.`;
      add('error', comment ? 'comment-for-value' : 'empty-element', valueAt, why, name);
      return;
    }
    default:
      value satisfies never;
  }
}

function booleanElement(yes: boolean, at: number, { name, value, default: by }: ChameleonKey, add: Add): void {
  if (value.kind !== 'boolean') {
    const what = `<${yes}/> is no value for "${name}": the loader wants text.`;
    add('error', 'boolean-element', at, what, name);
  } else if (yes) {
    const what = `<true/> works, but beats what is typed at the prompt; write <string>Yes</string>.`;
    add('warning', 'boolean-element', at, what, name);
  } else {
    const what = `the loader takes <false/> as if "${name}" were not there${by === 'Yes' ? ', and then it is on' : ''}`;
    add(by === 'Yes' ? 'error' : 'warning', 'boolean-element', at, `${what}; write <string>No</string>.`, name);
  }
}

function text(raw: string, at: number, known: ChameleonKey, add: Add): void {
  const { name } = known;
  const text = showBytesAsText(raw);
  const markup = raw.indexOf('<');
  if (markup >= 0) {
    const what = raw.startsWith('<![CDATA[', markup) ? '<![CDATA[…]]>' : 'a comment or element';
    add('error', 'markup-in-text', at + markup, `${what} inside a text stays in it, broken: "${name}".`, name);
    return;
  }
  const entity = /&(#?\w+);/.exec(raw);
  if (entity && known.decodesEntities !== true) {
    const what = `entities are not decoded: "${name}" has ${entity[0]} in it as it stands.`;
    add('error', 'entity', at + entity.index, what, name);
    return;
  }
  const foreign = raw.search(/[^\t\n\r\x20-\x7e]/);
  if (foreign >= 0)
    add('warning', 'not-ascii', at + foreign, `"${name}" is not ASCII: the loader keeps its bytes.`, name);
  if (known.value.kind === 'boolean') {
    booleanText(text, at, known, add);
    return;
  }
  if (text !== text.trim()) {
    add(
      // Of a mode only its numbers count.
      known.value.kind === 'string' || known.value.kind === 'mode' ? 'warning' : 'error',
      'blanks',
      at,
      `blanks at the ends of "${name}" stay in it.`,
      name,
    );
    return;
  }
  const fault = valueFault(known, text);
  if (fault !== undefined)
    add('error', 'value', at, `"${name}" is ${JSON.stringify(text.slice(0, 60))}: ${fault}.`, name);
}

/** Only the first letter counts. */
function booleanText(text: string, at: number, { name }: ChameleonKey, add: Add): void {
  if (text === 'Yes' || text === 'No' || /^(yes|y|no|n)$/i.test(text)) return;
  const shown = JSON.stringify(text.slice(0, 60));
  const taken = /^y/i.test(text) ? 'Yes' : 'No';
  const meant = /^\s*(y|true|on|1)/i.test(text) ? 'Yes' : 'No';
  const severity = taken === meant ? 'warning' : 'error';
  add(severity, 'value', at, `the loader takes ${shown} for "${name}" as ${taken}: expected Yes or No.`, name);
}
