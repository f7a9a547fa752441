/** How a run is drawn. */
export interface ViewMode {
  readonly kind: 'live' | 'plain' | 'json' | 'quiet';
  readonly color: boolean;
}

/** Chooses from what was asked for, what stderr is, and what the environment says (NO_COLOR, CI, TERM). */
export function chooseView(
  asked: { readonly json: boolean; readonly quiet: boolean; readonly color: boolean },
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): ViewMode {
  const { CI, TERM, NO_COLOR, FORCE_COLOR } = env;
  const dumb = TERM === 'dumb' || TERM === '';
  const color = asked.color && isTerminal && !dumb && !NO_COLOR && FORCE_COLOR !== '0';
  if (asked.json) return { kind: 'json', color };
  if (asked.quiet) return { kind: 'quiet', color };
  const inCi = CI !== undefined && CI !== '' && CI !== '0' && CI !== 'false';
  return { kind: isTerminal && !dumb && !inCi ? 'live' : 'plain', color };
}
