/** What is to be done when the test file that is running has ended. Modules outlive it: a worker runs many, one after another. */
const due: (() => void)[] = [];

export function atEndOfFile(act: () => void): void {
  due.push(act);
}

/** Does all of it, the last first. Throws what the first that failed threw, when all were tried. */
export function endFile(): void {
  let failure: { error: unknown } | undefined;
  for (const act of due.splice(0).reverse()) {
    try {
      act();
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
}
