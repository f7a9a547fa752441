/**
 * Milliseconds during which a second SIGINT is the echo of the first: `npm start` hands the terminal's Ctrl-C on to us, who got it
 * already.
 */
const ECHO = 500;

/**
 * Listens to the signals that ask to stop. `first` is called once; `again` at each later SIGINT. Returns how to stop listening.
 * Always `process.on`: with `once` the cursor's keeper (signal-exit) would find itself alone and end the process before any undo.
 */
export function onStop(first: (signal: NodeJS.Signals) => void, again: () => void): () => void {
  let stopped: number | undefined;
  const listener = (signal: NodeJS.Signals) => {
    if (stopped === undefined) {
      stopped = performance.now();
      first(signal);
    } else if (signal === 'SIGINT' && performance.now() - stopped > ECHO) {
      stopped = performance.now();
      again();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
