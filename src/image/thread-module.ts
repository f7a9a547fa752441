const COMPILED = '/dist/';

/**
 * Where a thread's code lies, for a module of ours at `from`: in dist/program/, as one module (scripts/setup.mjs), whichever way that one
 * was loaded itself. A thread that loads a hundred modules takes longer to come up.
 */
export function threadModule(name: string, from: string): URL {
  return new URL(`program/${name}`, from.slice(0, from.lastIndexOf(COMPILED) + COMPILED.length));
}
