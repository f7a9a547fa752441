import { positions, type Severity } from '../findings.js';
import {
  BOOT_PLIST_LIMIT,
  BOOT_PLIST_NAME,
  chameleonKey,
  fromEntries,
  nearestKey,
  type Settings,
} from './boot-plist.js';
import { checkValue } from './check-value.js';
import type { Finding } from './findings.js';
import { type IntendedPair, isForeign, readIntended } from './intended.js';
import { kernelKeyFault } from './kernel-key.js';
import {
  LOADER_BUFFER,
  type LoaderPair,
  type LoaderReading,
  readAsLoader,
  type Stop,
  showBytesAsText,
} from './loader.js';

export type { Finding, FindingCode } from './findings.js';

export interface CheckOptions {
  /** The file's name, where it is to be judged. */
  readonly fileName?: string;
  /** Whether the volume it lies on tells upper from lower case; default: it may. */
  readonly caseSensitive?: boolean;
  /** The release it is for, as "10.10" or "10.10.5": decides where the loader looks for the kernel. */
  readonly release?: string;
}

/** What the loader makes of a file. */
export interface PlistReport {
  /** No finding changes what the loader does. */
  readonly ok: boolean;
  /** In the order of the file. */
  readonly findings: readonly Finding[];
  /** What the loader will see. */
  readonly sees: Settings;
}

/**
 * Reads a file the way the loader does and says where that is not what the file says. Never throws for broken text; FormatError for
 * a broken binary plist.
 */
export function checkBootPlist(bytes: Uint8Array, name: string, options: CheckOptions = {}): PlistReport {
  const reading = readAsLoader(bytes);
  const checker = new Checker(bytes, reading, readIntended(bytes, name));
  checker.file(options);
  checker.structure();
  // In all other cases everything is lost, and that is what is said.
  if (!reading.stop || reading.stop.why === 'comment') {
    for (const pair of reading.pairs) checker.pair(pair);
    checker.timeout();
    checker.kernel(options);
  }
  const findings = checker.findings.sort((a, b) => a.offset - b.offset);
  return { ok: !findings.some(({ severity }) => severity === 'error'), findings, sees: seen(reading) };
}

/** What the loader sees, booleans as it would have them in text. */
function seen({ found }: LoaderReading): Settings {
  const pairs: [string, string][] = [];
  for (const [key, value] of found) {
    if (value.kind === 'string') pairs.push([showBytesAsText(key), showBytesAsText(value.text)]);
    // <false/> is as good as no key at all.
    if (value.kind === 'boolean' && value.yes) pairs.push([showBytesAsText(key), 'Yes']);
  }
  return fromEntries(pairs);
}

class Checker {
  readonly findings: Finding[] = [];
  readonly #at: ReturnType<typeof positions>;
  readonly #seenKeys = new Set<string>();

  constructor(
    readonly bytes: Uint8Array,
    readonly reading: LoaderReading,
    readonly intended: readonly IntendedPair[],
  ) {
    this.#at = positions(bytes);
  }

  #add(severity: Severity, code: Finding['code'], offset: number, message: string, key?: string): void {
    this.findings.push({ severity, code, ...this.#at(offset), message, ...(key !== undefined && { key }) });
  }

  /** Name, size and encoding. */
  file({ fileName, caseSensitive = true }: CheckOptions): void {
    const { length } = this.bytes;
    const lower = fileName?.toLowerCase();
    if (lower === 'com.apple.boot.plist') {
      const why = 'this name is out of date: Enoch does not read it, Chameleon complains and waits';
      this.#add('error', 'file-name', 0, `${why}. Call it ${BOOT_PLIST_NAME}.`);
    } else if (lower === BOOT_PLIST_NAME.toLowerCase() && fileName !== BOOT_PLIST_NAME) {
      const why = 'with this upper and lower case it is found on plain HFS+ only, not on HFSX';
      this.#add(caseSensitive ? 'error' : 'warning', 'file-name', 0, `${why}. Call it ${BOOT_PLIST_NAME}.`);
    } else if (fileName !== undefined && fileName !== BOOT_PLIST_NAME) {
      this.#add('warning', 'file-name', 0, `the loader reads it only as /Extra/${BOOT_PLIST_NAME}.`);
    }
    if (length >= LOADER_BUFFER) {
      this.#add(
        'error',
        'over-size',
        LOADER_BUFFER,
        `${length} bytes; the loader reads the first ${LOADER_BUFFER} only.`,
      );
    } else if (length >= BOOT_PLIST_LIMIT) {
      const what = `${length} bytes; old loaders read less than ${BOOT_PLIST_LIMIT}, newer ones all.`;
      this.#add('warning', 'over-size', BOOT_PLIST_LIMIT, what);
    }
  }

  /** Whether and where the loader's reading ends before the dict does. */
  structure(): void {
    const { stop, dictAt, end } = this.reading;
    if (isForeign(this.bytes)) {
      const what = 'a binary property list or UTF-16: the loader reads XML as plain text only, so it finds nothing.';
      this.#add('error', 'not-xml-text', 0, what);
      return;
    }
    const lost = this.#lostKeys();
    if (stop) {
      if (this.#stopped(stop, lost)) return;
    } else if (lost.length > 0) {
      const at = end < this.bytes.length ? end : 0;
      this.#add('error', 'outside-dict', at, `what is not in the first dict is not read: ${list(lost)}.`);
    }
    const text = Buffer.from(this.bytes).toString('latin1');
    if (!/<plist[\s>]/.test(text.slice(0, dictAt))) {
      const what = 'there is no <plist> element around the dict; the loader does not mind, other programs do.';
      this.#add('warning', 'no-plist-element', dictAt, what);
    }
  }

  /** Says why the reading ended; true where nothing at all was found. */
  #stopped(stop: Stop, lost: readonly string[]): boolean {
    switch (stop.why) {
      case 'no-dict':
        this.#add('error', 'no-dict', 0, this.#noDict());
        return true;
      case 'head-comment': {
        const why = 'a comment with ">" in it before the dict: the loader finds nothing in the whole file.';
        this.#add('error', 'comment-before-dict', stop.offset, why);
        return true;
      }
      case 'comment': {
        const what = 'the dict ends at this comment for the loader';
        const rest = lost.length > 0 ? `: it does not see ${list(lost)}` : '; no key comes after it';
        this.#add(lost.length > 0 ? 'error' : 'warning', 'comment-in-dict', stop.offset, `${what}${rest}.`);
        return false;
      }
      case 'end': {
        const what = `<${stop.tag}> is not closed: the loader finds nothing in the whole file.`;
        this.#add('error', 'dict-not-closed', stop.offset, what);
        return true;
      }
      case 'element': {
        const tag = showBytesAsText(stop.tag).slice(0, 40);
        if (stop.tag === '/plist') {
          const what = '<dict> is not closed before </plist>: the loader finds nothing in the whole file.';
          this.#add('error', 'dict-not-closed', stop.offset, what);
          return true;
        }
        const what = stop.tag.startsWith('!')
          ? 'a comment inside a value'
          : `an element the loader does not know, <${tag}>`;
        this.#add('error', 'unknown-element', stop.offset, `${what}: it finds nothing in the whole file.`);
        return true;
      }
      default:
        return stop.why satisfies never;
    }
  }

  #noDict(): string {
    const text = Buffer.from(this.bytes).toString('latin1');
    const what = text.trim() === '' ? 'an empty file' : text.startsWith('{\\rtf') ? 'RTF, not plain text' : 'no <dict>';
    return `${what}: the loader finds nothing.${this.intended.length > 0 ? ' This is a fragment: put <plist> and <dict> around it.' : ''}`;
  }

  /** Keys that a person reads in the file and the loader does not. */
  #lostKeys(): string[] {
    const met = new Map<string, number>();
    for (const pair of this.reading.pairs) {
      const key = showBytesAsText(pair.key);
      met.set(key, (met.get(key) ?? 0) + 1);
    }
    const lost = new Set<string>();
    for (const { key } of this.intended) {
      const name = met.has(key) ? key : escaped(key);
      const left = met.get(name) ?? 0;
      if (left === 0) lost.add(key);
      else met.set(name, left - 1);
    }
    return [...lost];
  }

  pair(pair: LoaderPair): void {
    const key = showBytesAsText(pair.key);
    if (this.#seenKeys.has(key)) {
      this.#add('error', 'duplicate', pair.keyAt, `"${key}" is there more than once: the last one counts.`, key);
    }
    this.#seenKeys.add(key);
    const known = chameleonKey(key);
    if (!known) this.#unknownKey(pair, key);
    else if (known.write !== undefined) {
      this.#add(
        'error',
        'key-not-read',
        pair.keyAt,
        `the loader does not look up "${key}": write "${known.write}".`,
        key,
      );
    } else {
      if (known.qemu === 'leave off') {
        this.#add(
          'warning',
          'leave-off',
          pair.keyAt,
          `"${key}" is for real hardware: leave it off in a virtual machine.`,
          key,
        );
      }
      checkValue(pair, known, (...finding) => this.#add(...finding));
    }
  }

  #unknownKey({ keyAt, key: raw }: LoaderPair, key: string): void {
    const nearest = nearestKey(key);
    if (key !== key.trim() && chameleonKey(key.trim())) {
      const what = `blanks count: this is another key than "${key.trim()}", which the loader does not find.`;
      this.#add('error', 'blanks', keyAt, what, key);
    } else if (/[<&]/.test(raw)) {
      this.#add('error', 'entity', keyAt, 'entities and markup in a key stay as they are written.', key);
    } else if (nearest) {
      const what = `the loader knows no "${key}", only "${nearest.write ?? nearest.name}": it ignores this one.`;
      this.#add('error', 'unknown-key', keyAt, what, key);
    } else this.#add('warning', 'unknown-key', keyAt, `the loader is not known to read "${key}".`, key);
  }

  /** The key decides which file is looked for; where it is known that this one is not there, that is said. */
  kernel({ release }: CheckOptions): void {
    const pair = this.reading.pairs.findLast(({ key }) => key === 'Kernel');
    if (pair?.value.kind !== 'string') return;
    const key = showBytesAsText(pair.value.text);
    if (release !== undefined) {
      const fault = kernelKeyFault(release, key);
      if (fault !== undefined) this.#add('error', 'kernel-not-found', pair.valueAt, `${fault}.`, 'Kernel');
    } else if (key !== '' && kernelKeyFault('10.10', key) !== undefined) {
      const what = `from 10.10 on ${kernelKeyFault('10.10', key)} (--release says which release it is for).`;
      this.#add('warning', 'kernel-not-found', pair.valueAt, what, 'Kernel');
    }
  }

  timeout(): void {
    const { found, dictAt } = this.reading;
    const written = [...found.keys(), ...this.intended.map(({ key }) => key)].map((key) => nearestKey(key)?.name);
    const said = written.includes('Timeout') && this.findings.some(({ severity }) => severity === 'error');
    if (found.has('Timeout') || said) return;
    const what = 'there is no Timeout: started with -kernel, the loader waits at its prompt for ever.';
    this.#add('error', 'timeout-missing', dictAt, what, 'Timeout');
  }
}

function list(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}

/** As the raw text of a file would have it. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
