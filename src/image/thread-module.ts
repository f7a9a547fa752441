/**
 * Where a thread's code lies, `from` a module of ours: in dist/program/, as one module (scripts/setup.mjs), whether that is where `from` is
 * or beside the compiled library. A thread that loads a hundred modules takes longer to come up.
 */
export function threadModule(name: string, from: string): URL {
  const program = new URL(`./${name}`, from);
  return program.pathname.endsWith(`/program/${name}`)
    ? program
    : new URL(`../program/${name}`, from.slice(0, from.lastIndexOf('/src/') + 5));
}
