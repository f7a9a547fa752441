import type { TruthEntry } from '../../../scripts/installer/truth.js';

export type { TruthEntry };

/** What is known of an entry. What is left out is not compared: a judge may not see it. */
export type Seen = { readonly kind: TruthEntry['kind'] } & Partial<Omit<TruthEntry, 'kind'>>;

/** What must be in a volume, by POSIX path without a leading slash; names as stored (decomposed). */
export type Expected = Readonly<Record<string, Seen>>;

/** A volume as a judge sees it. */
export interface SeenTree {
  readonly judge: string;
  readonly entries: ReadonlyMap<string, Seen>;
  /** Files whose contents the judge says it cannot read; of these only the rest is compared. */
  readonly unread?: readonly string[];
  /** Given by a judge that does not follow hard links: the files without a name, where HFS+ keeps their contents. */
  readonly unnamed?: ReadonlyMap<string, Seen>;
  /** Set by a judge that cannot show links as links: symbolic ones may be left out, of hard ones only the name is sure. */
  readonly followsNoLinks?: true;
  /** How the judge writes a name that it cannot write as it is. */
  readonly shows?: (path: string) => string;
}

export interface Comparison {
  /** One sentence each; empty when the judge saw what must be there, and nothing else. */
  readonly differences: readonly string[];
  /** How much was compared, so that a test can see that the judge was not blind. */
  readonly entries: number;
  readonly hashes: number;
  readonly modes: number;
  /** The judge's own list: a test must look whether it may be blind to these. */
  readonly unread: readonly string[];
}

const FIELDS = ['kind', 'mode', 'uid', 'gid', 'size', 'sha256', 'target'] as const;

/** Holds what a judge saw against what must be there. `ignore`: paths (as the judge shows them) that may be there or not. */
export function compareTrees(
  expected: Expected,
  found: SeenTree,
  ignore: (path: string) => boolean = () => false,
): Comparison {
  const differences: string[] = [];
  const counts = { entries: 0, hashes: 0, modes: 0 };
  const shows = found.shows ?? ((path: string) => path);
  const rest = new Map(found.entries);
  for (const [path, truth] of Object.entries(expected)) {
    const shown = shows(path);
    const seen = rest.get(shown);
    if (seen === undefined) {
      if (found.followsNoLinks && truth.kind === 'symlink') continue;
      differences.push(`${found.judge}: ${path}: ${truth.kind} is missing`);
      continue;
    }
    rest.delete(shown);
    counts.entries++;
    if (found.followsNoLinks && truth.kind === 'symlink') continue;
    if (truth.link !== undefined && (found.unnamed !== undefined || found.followsNoLinks)) {
      if (seen.kind !== truth.kind) differences.push(`${found.judge}: ${path}: is a ${seen.kind}`);
      continue;
    }
    if (seen.sha256 !== undefined && truth.sha256 !== undefined) counts.hashes++;
    if (seen.mode !== undefined) counts.modes++;
    for (const what of compareEntries(truth, seen)) differences.push(`${found.judge}: ${path}: ${what}`);
  }
  for (const [path, seen] of rest) {
    if (!ignore(path)) differences.push(`${found.judge}: ${path}: ${seen.kind} that nobody put there`);
  }
  differences.push(...missingContents(expected, found));
  return { differences, ...counts, unread: [...(found.unread ?? [])].sort() };
}

function* compareEntries(truth: Seen, seen: Seen): Generator<string> {
  for (const field of FIELDS) {
    if (seen[field] === undefined || truth[field] === undefined || seen[field] === truth[field]) continue;
    yield `${field} should be ${show(field, truth[field])}, is ${show(field, seen[field])}`;
  }
  if (seen.resource !== undefined && truth.compressed !== true) {
    const [should, is] = [truth.resource, seen.resource].map((fork) =>
      fork?.size ? `${fork.size} ${fork.sha256}` : 'absent',
    );
    if (should !== is) yield `resource fork should be ${should}, is ${is}`;
  }
  if (seen.xattrs !== undefined) {
    for (const name of new Set([...Object.keys(truth.xattrs ?? {}), ...Object.keys(seen.xattrs)])) {
      const [should, is] = [truth.xattrs?.[name] ?? 'absent', seen.xattrs[name] ?? 'absent'];
      if (should !== is) yield `attribute ${name} should be ${should}, is ${is}`;
    }
  }
}

/** For a judge that does not follow hard links: their contents must at least be among the files without a name. */
function* missingContents(expected: Expected, found: SeenTree): Generator<string> {
  if (found.unnamed === undefined) return;
  const there = new Set([...found.unnamed.values()].map((seen) => seen.sha256));
  for (const [path, truth] of Object.entries(expected)) {
    if (truth.link !== undefined && !there.has(truth.sha256)) {
      yield `${found.judge}: ${path}: no hard-linked file has its contents`;
    }
  }
}

function show(field: string, value: unknown): string {
  return field === 'mode' ? `0${Number(value).toString(8)}` : String(value);
}

const TYPES: Readonly<Record<string, { kind: Seen['kind']; bits: number }>> = {
  '-': { kind: 'file', bits: 0o100000 },
  r: { kind: 'file', bits: 0o100000 },
  d: { kind: 'folder', bits: 0o040000 },
  l: { kind: 'symlink', bits: 0o120000 },
  b: { kind: 'special', bits: 0o060000 },
  c: { kind: 'special', bits: 0o020000 },
  p: { kind: 'special', bits: 0o010000 },
  s: { kind: 'special', bits: 0o140000 },
  h: { kind: 'special', bits: 0o140000 },
};

/** "drwxr-sr-t" as a number with the file type bits, and the kind. */
export function parseMode(text: string): { kind: Seen['kind']; mode: number } {
  const type = TYPES[text[0] ?? ''];
  if (type === undefined || text.length < 10) throw new Error(`not a mode: "${text}"`);
  let mode = type.bits;
  for (let i = 0; i < 9; i++) {
    const letter = text[1 + i]!;
    if ('rwxst'.includes(letter)) mode |= 0o400 >> i;
    if ('sStT'.includes(letter)) mode |= 0o4000 >> Math.floor(i / 3);
  }
  return { kind: type.kind, mode };
}
