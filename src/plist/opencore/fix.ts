import { UsageError } from '../../errors.js';
import { type ConfigReport, checkConfig, judged } from './check.js';
import type { Mend, TextEdit } from './findings.js';
import type { JudgeOptions } from './judge.js';
import { readConfig } from './read.js';

/** A corrected file, what was corrected as sentences, and what is left. */
export interface FixedConfig {
  readonly text: string;
  readonly changes: readonly string[];
  /** Of the corrected file. */
  readonly report: ConfigReport;
}

/** Rounds: one mending can make room for another (a section that was missing has keys). */
const MOST_ROUNDS = 8;

/**
 * Mends what can be mended by itself; all else in the file stays byte for byte as it is. UsageError for what OpenCore cannot read at
 * all, where nobody can say what is meant.
 */
export function fixConfig(bytes: Uint8Array, name: string, options: JudgeOptions = {}): FixedConfig {
  const first = readConfig(bytes, name);
  const changes = first.faults.flatMap(({ fix }) => (fix === undefined ? [] : [fix]));
  const hopeless = first.faults.find(({ severity, fix }) => severity === 'error' && fix === undefined);
  if (hopeless)
    throw new UsageError(`${name} cannot be corrected by itself: ${hopeless.message}`, 'Correct it by hand.');
  let text = first.rewritten ?? first.text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const notes = judged(readConfig(Buffer.from(text), name), options);
    const { edits, done } = together(notes.flatMap(({ mend }) => (mend ? [mend] : [])));
    if (done.length === 0) break;
    changes.push(...done);
    text = edited(text, edits);
  }
  return { text, changes: [...new Set(changes)], report: checkConfig(Buffer.from(text), name, options) };
}

/** Mendings of different keys that touch different parts of the text; the others wait for the next round. */
function together(mends: readonly Mend[]): { readonly edits: readonly TextEdit[]; readonly done: readonly string[] } {
  const edits: TextEdit[] = [];
  const done: string[] = [];
  const about = new Set<string>();
  // Several keys can be put in at one place.
  const free = (edit: TextEdit) =>
    edits.every(
      ({ from, to }) =>
        Math.max(edit.from, from) >= Math.min(edit.to, to) && (edit.from !== from || edit.to !== to || from === to),
    );
  for (const mend of mends) {
    if (mend.edits.length === 0 || about.has(mend.about) || !mend.edits.every(free)) continue;
    about.add(mend.about);
    edits.push(...mend.edits);
    done.push(mend.does);
  }
  return { edits, done };
}

function edited(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to, text: put } of [...edits].sort((a, b) => a.from - b.from || a.to - b.to)) {
    parts.push(text.slice(at, from), put);
    at = to;
  }
  return parts.join('') + text.slice(at);
}
