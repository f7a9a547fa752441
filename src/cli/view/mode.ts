/** How a run is drawn. */
export interface ViewMode {
  readonly kind: 'live' | 'plain' | 'json' | 'quiet';
  readonly color: boolean;
  /** The terminal has more characters than ASCII's. */
  readonly unicode: boolean;
}

/** Chooses from what was asked for, what stderr is, and what the environment says (NO_COLOR, CI, TERM). */
export function chooseView(
  asked: { readonly json: boolean; readonly quiet: boolean; readonly color: boolean },
  isTerminal: boolean,
  env: Environment,
): ViewMode {
  const { CI, TERM } = env;
  const dumb = TERM === 'dumb' || TERM === '';
  const looks = { color: takesColor(asked.color, isTerminal, env), unicode: takesUnicode(env) };
  if (asked.quiet) return { kind: 'quiet', ...looks };
  if (asked.json) return { kind: 'json', ...looks };
  const inCi = CI !== undefined && CI !== '' && CI !== '0' && CI !== 'false';
  return { kind: isTerminal && !dumb && !inCi ? 'live' : 'plain', ...looks };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether what is printed there may have colours. */
export function takesColor(asked: boolean, isTerminal: boolean, { TERM, NO_COLOR, FORCE_COLOR }: Environment): boolean {
  return asked && isTerminal && TERM !== 'dumb' && TERM !== '' && !NO_COLOR && FORCE_COLOR !== '0';
}

/** Linux's own console has a font of 256 or 512 characters; a locale that is named and not UTF-8 has none of ours. */
function takesUnicode({ TERM, LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return TERM !== 'linux' && (!locale || /utf-?8/i.test(locale));
}
