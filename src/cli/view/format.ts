import type { Leftover, Outcome, RunEvent, StepInfo } from '../../core/events.js';

/** "5.2 GB": decimal units, as disks and Finder have them. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.max(0, Math.round(bytes))} B`;
  let value = bytes;
  let unit = '';
  for (const next of ['kB', 'MB', 'GB', 'TB']) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  const digits = value < 9.95 || (unit === 'GB' && value < 99.95) ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

/** "0.4s", "42s", "2m 10s", "1h 05m". */
export function showTime(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${pad2(whole % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${pad2(minutes % 60)}m`;
}

/** What a step's progress looks like: "43 %  2.2 GB of 5.2 GB  120 MB/s  25s left". `rate` in bytes a second. */
export function showProgress(done: number, total: number | undefined, rate: number | undefined): string {
  const parts: string[] = [];
  if (total !== undefined && total > 0) parts.push(`${percent(done, total)} %`);
  parts.push(total === undefined ? showBytes(done) : `${showBytes(done)} of ${showBytes(total)}`);
  if (rate !== undefined && rate >= 1) {
    parts.push(`${showBytes(rate)}/s`);
    if (total !== undefined && total > done) parts.push(`${showTime(((total - done) / rate) * 1000)} left`);
  }
  return parts.join('  ');
}

/** Whole per cent, 100 only when all is done. */
export function percent(done: number, total: number): number {
  if (done >= total) return 100;
  return Math.min(99, Math.max(0, Math.floor((done / total) * 100)));
}

/** The text with everything in it that would move a cursor or turn the writing round made visible: names come from images. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '�');
}

/** Columns a text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += widthOf(character);
  return columns;
}

/** Shortens the middle, because a path says most at its ends. At most `columns` wide. */
export function middle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return '';
  const characters = [...text];
  const half = Math.floor((columns - 1) / 2);
  let head = '';
  let tail = '';
  for (let used = 0, i = 0; i < characters.length; i++) {
    used += widthOf(characters[i]!);
    if (used > columns - 1 - half) break;
    head += characters[i];
  }
  for (let used = 0, i = characters.length - 1; i >= 0; i--) {
    used += widthOf(characters[i]!);
    if (used > half) break;
    tail = characters[i] + tail;
  }
  return `${head}…${tail}`;
}

/** "[ 4/17] Copy esd:/Packages". */
export function stepLine(step: StepInfo, count: number, rest = '', columns = Number.POSITIVE_INFINITY): string {
  const number = `[${String(step.index + 1).padStart(String(count).length)}/${count}] `;
  return number + middle(printable(step.title), columns - number.length - columnsOf(rest)) + rest;
}

/** A line below a step. */
export function noteLine(text: string, count: number, columns = Number.POSITIVE_INFINITY): string {
  const indent = ' '.repeat(2 * String(count).length + 4);
  return indent + middle(printable(text), columns - indent.length);
}

export function undoLine(event: Extract<RunEvent, { type: 'undo' }>, columns = Number.POSITIVE_INFINITY): string {
  const text = event.ok ? `Undone: ${event.title}` : `NOT undone: ${event.title}: ${event.message ?? 'unknown reason'}`;
  return middle(printable(text), columns);
}

/** How a step or a run ended, in a word. */
export function outcomeWord(outcome: Outcome): string {
  return { done: 'done in', failed: 'failed after', interrupted: 'stopped after' }[outcome];
}

/** The last line of a run. */
export function endLine(event: Extract<RunEvent, { type: 'run:end' }>): string {
  const text = `${outcomeWord(event.outcome)} ${showTime(event.milliseconds)}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What is left behind and how to be rid of it. Commands are whole: they are there to be copied. */
export function leftoverLines(leftovers: readonly Leftover[], columns = Number.POSITIVE_INFINITY): string[] {
  if (leftovers.length === 0) return [];
  const lines = ['Left behind, to be put right by hand:'];
  for (const { title, command, reason } of leftovers) {
    lines.push(middle(printable(`  ${title} (${reason})`), columns));
    if (command !== '') lines.push(`    ${printable(command)}`);
  }
  return lines;
}

function pad2(number: number): string {
  return String(number).padStart(2, '0');
}

/** Of one character: 0 for marks that sit on another, 2 for the wide ones of East Asia and for pictures. */
function widthOf(character: string): number {
  if (/^(?:\p{M}|[\u200b-\u200d])$/u.test(character)) return 0;
  const code = character.codePointAt(0)!;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}
