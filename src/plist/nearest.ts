/** The name that a misspelt one most likely stands for: case, blanks and a letter or two may differ. Undefined where none is near. */
export function nearestName(names: Iterable<string>, misspelt: string): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[\s_-]+/g, '');
  const wanted = bare(misspelt.slice(0, 100));
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const steps = distance(wanted, bare(name));
    if (steps < least) [best, least] = [name, steps];
  }
  return least <= Math.min(2, Math.floor(wanted.length / 3)) ? best : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
