import { nearestName } from '../nearest.js';
import type { PlistPlace } from '../places.js';
import { asArray, asDict, type PlistDict, type PlistValue } from '../plist.js';
import type { Mend } from './findings.js';
import type { Judge } from './judge.js';
import { ELEMENT, failsafeOf, type Key } from './key.js';
import { CONFIG, GONE, OF_TEMPLATES } from './keys/index.js';
import { type ConfigPath, showConfigPath } from './path.js';
import { oneOf, typedValue, valueFault } from './value.js';
import { isNewer } from './version.js';
import { keyOf } from './xml.js';

/** Keys of which a trap says what is to be said, whether they are there or not. */
const TRAPS = ['Misc/Security/ScanPolicy', 'Misc/Security/SecureBootModel', 'Misc/Security/Vault'];

/** Holds every key and value against the table: what OpenCore does not know, does not take, or takes as something else. */
export function judgeKeys(judge: Judge): void {
  for (const { container, key, before } of judge.places.duplicates) {
    if (key.startsWith('#')) continue;
    const last = judge.places.of(container, key)!;
    const held = judge.text.slice(before.at, before.at + 6);
    const whole = held.startsWith('<dict') || held.startsWith('<array');
    judge.notes.push({
      severity: 'error',
      code: 'duplicate',
      at: last.keyAt!,
      key,
      message: `"${key}" is there more than once: ${whole ? 'OpenCore reads both, other programs one of them' : 'the last one counts'}.`,
      ...(!whole && {
        mend: {
          about: `${key}, ${before.at}`,
          does: `"${key}" = ${JSON.stringify(textAt(judge.text, before))} is left out: it is there more than once, the last one is kept`,
          edits: [judge.removal(before)],
        },
      }),
    });
  }
  judgeValue(judge, [], CONFIG, judge.config);
}

/** What a person sees of a value: its text, or the name of its tag. */
function textAt(text: string, { at, end }: PlistPlace): string {
  const element = text.slice(at, end);
  return element.replace(/<[^>]*>/g, '').trim() || (/\w+/.exec(element)?.[0] ?? '');
}

function judgeValue(judge: Judge, path: ConfigPath, key: Key, value: PlistValue): void {
  if (!hasType(judge, path, key, value)) {
    judgeType(judge, path, key, value);
    return;
  }
  if (key.type === 'dict') judgeDict(judge, path, key.keys, asDict(value)!);
  else if (key.type === 'list') {
    for (const [i, entry] of asArray(value)!.entries()) judgeValue(judge, [...path, i], key.of, entry);
  } else if (key.type === 'map') {
    for (const [name, inner] of Object.entries(asDict(value)!)) {
      if (name.startsWith('#')) continue;
      if (key.names && !key.names.pattern.test(name)) {
        const message = `"${name}": expected ${key.names.expected}: OpenCore leaves it out.`;
        judge.note('error', 'value', [...path, name], message);
      }
      judgeValue(judge, [...path, name], key.of, inner);
    }
  } else {
    judgeText(judge, path, value);
    const fault = valueFault(key, value);
    if (fault === undefined) return;
    const mend = nearestValue(judge, path, key, value);
    const shown = value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
    const severity = fault.startsWith('bits') ? 'warning' : 'error';
    judge.note(severity, 'value', path, `${showConfigPath(path)} is ${shown.slice(0, 60)}: ${fault}.`, mend);
  }
}

function judgeDict(judge: Judge, path: ConfigPath, keys: Readonly<Record<string, Key>>, dict: PlistDict): void {
  const { version } = judge.options;
  for (const [name, value] of Object.entries(dict)) {
    // OpenCore's way of writing comments.
    if (name.startsWith('#')) continue;
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (!key) judgeUnknown(judge, [...path, name], keys, dict);
    else {
      if (version !== undefined && key.since !== undefined && isNewer(key.since, version)) {
        const message = `"${name}" is a key of OpenCore ${key.since} and later: ${version} leaves it out.`;
        judge.note('warning', 'key-newer', [...path, name], message);
      }
      judgeValue(judge, [...path, name], key, value);
    }
  }
  for (const [name, key] of Object.entries(keys)) {
    const own = [...path, name];
    if (Object.hasOwn(dict, name) || key.optional || TRAPS.includes(showConfigPath(own))) continue;
    if (key.since !== undefined && isNewer(key.since, version ?? OF_TEMPLATES)) continue;
    const failsafe = withoutIt(key);
    const shown = typeof failsafe === 'object' || failsafe === '' ? 'nothing' : JSON.stringify(failsafe);
    const message = `${showConfigPath(own)} is missing: OpenCore takes ${key.type === 'dict' ? 'its own values' : shown}.`;
    judge.note('warning', 'missing-key', own, message, judge.setting(own, failsafe, ', as OpenCore takes it'));
  }
}

function judgeUnknown(judge: Judge, path: ConfigPath, keys: Readonly<Record<string, Key>>, dict: PlistDict): void {
  const name = String(path.at(-1));
  const place = judge.placeOf(path)!;
  const until = GONE[showConfigPath(path)];
  if (until !== undefined) {
    const message = `OpenCore knew "${name}" up to ${until}: now it leaves it out.`;
    judge.note('warning', 'key-gone', path, message, {
      about: showConfigPath(path),
      does: `${showConfigPath(path)} is left out: OpenCore knew it up to ${until}`,
      edits: [judge.removal(place)],
    });
    return;
  }
  const nearest = nearestName(
    Object.keys(keys).filter((key) => !Object.hasOwn(dict, key)),
    name,
  );
  if (nearest === undefined) {
    judge.note('warning', 'unknown-key', path, `OpenCore knows no "${name}" here: it leaves it out.`);
    return;
  }
  const end = judge.text.indexOf('</key>', place.keyAt!) + '</key>'.length;
  const mend: Mend = {
    about: showConfigPath(path),
    does: `"${name}" is written "${nearest}"`,
    edits: [{ from: place.keyAt!, to: end, text: keyOf(nearest) }],
  };
  judge.note('error', 'unknown-key', path, `OpenCore knows no "${name}", only "${nearest}": it leaves it out.`, mend);
}

/** Whether OpenCore takes an element for a value of this type. */
function hasType(judge: Judge, path: ConfigPath, key: Key, value: PlistValue): boolean {
  switch (key.type) {
    case 'dict':
    case 'map':
      return asDict(value) !== undefined;
    case 'list':
      return asArray(value) !== undefined;
    case 'flag':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string';
    case 'integer':
      return typeof value === 'number' && isInteger(judge, path);
    case 'data':
      return value instanceof Uint8Array;
    case 'any':
      return (
        value instanceof Uint8Array ||
        typeof value === 'string' ||
        typeof value === 'boolean' ||
        (typeof value === 'number' && isInteger(judge, path))
      );
    default:
      return key satisfies never;
  }
}

/** <real> is a number to us and nothing to OpenCore. */
function isInteger(judge: Judge, path: ConfigPath): boolean {
  const place = judge.placeOf(path);
  return place === undefined || judge.text.startsWith('<integer', place.at);
}

function judgeType(judge: Judge, path: ConfigPath, key: Key, value: PlistValue): void {
  const place = judge.placeOf(path);
  const found = place === undefined ? undefined : /^<([a-z]+)/.exec(judge.text.slice(place.at, place.at + 12))?.[1];
  const entry = typeof path.at(-1) === 'number';
  const takes =
    entry || key.type === 'dict' || key.type === 'map' || key.type === 'list' ? 'leaves it out' : 'takes its own value';
  const message = `${showConfigPath(path)} is <${found}>: expected ${ELEMENT[key.type]}; OpenCore ${takes}.`;
  const meant = meantBy(path, key, value);
  judge.note('error', 'type', path, message, meant === undefined ? undefined : judge.setting(path, meant));
}

/** What somebody meant who wrote a value in an element of another type. */
function meantBy(path: ConfigPath, key: Key, value: PlistValue): PlistValue | undefined {
  // As it was before 0.7.3: a name alone, with # in front of one that is off.
  if (typeof value === 'string' && path.length === 3 && path[0] === 'UEFI' && path[1] === 'Drivers') {
    const off = value.startsWith('#');
    return { Arguments: '', Comment: '', Enabled: !off, LoadEarly: false, Path: off ? value.slice(1) : value };
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  const meant = text === undefined ? undefined : typedValue(key, text);
  return meant === undefined || valueFault(key, meant) !== undefined ? undefined : meant;
}

/** What OpenCore's reader makes of a text: no entities, no blanks at the ends, no comments inside (code: OcXmlLib). */
function judgeText(judge: Judge, path: ConfigPath, value: PlistValue): void {
  const place = judge.placeOf(path);
  if (!place) return;
  const written = judge.text.slice(place.at, place.end);
  const name = showConfigPath(path);
  const inner = written.slice(written.indexOf('>') + 1, Math.max(written.lastIndexOf('</'), 0));
  const harmless = path.at(-1) === 'Comment';
  const plain = typeof value !== 'string' || !/[&<]/.test(value);
  const clean = typeof value === 'string' ? value.trim() : value;
  const mend = plain ? judge.setting(path, clean, '') : undefined;
  if (inner.includes('<')) {
    const message = `a comment or CDATA inside ${name}: OpenCore's reader gives up on the whole file.`;
    judge.note('error', 'markup-in-text', path, message, mend);
  } else if (typeof value === 'string' && /&[#\w]+;/.test(inner) && path.at(-1) !== 'Arguments') {
    const message = `${name} has ${/&[#\w]+;/.exec(inner)![0]} in it: OpenCore decodes no entities, it stays as it is written.`;
    judge.note(harmless ? 'warning' : 'error', 'entity', path, message, mend);
  } else if (typeof value === 'string' && value !== value.trim()) {
    judge.note('warning', 'blanks', path, `blanks at the ends of ${name}: OpenCore drops them.`, mend);
  }
}

function nearestValue(judge: Judge, path: ConfigPath, key: Key, value: PlistValue): Mend | undefined {
  if (key.type !== 'text' || typeof value !== 'string' || !Array.isArray(key.only)) return undefined;
  const nearest = nearestName(key.only, value);
  return nearest === undefined ? undefined : judge.setting(path, nearest, `: it was ${oneOf([value])}`);
}

/** What OpenCore takes instead of a key, whole. */
function withoutIt(key: Key): PlistValue {
  if (key.type !== 'dict') return failsafeOf(key)!;
  const needed = Object.entries(key.keys).filter(([, { optional }]) => !optional);
  const known = needed.filter(([, inner]) => inner.since === undefined || !isNewer(inner.since, OF_TEMPLATES));
  return Object.fromEntries(known.map(([name, inner]) => [name, withoutIt(inner)]));
}
