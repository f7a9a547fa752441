import { EventQueue } from '../core/event-queue.js';
import type { Leftover, RunEvent } from '../core/events.js';
import { Scope } from '../core/scope.js';
import { openJournal } from '../core/state-folder.js';
import { Interrupted, UserError } from '../errors.js';
import { type Built, build as buildPlanned } from './build-and-keep.js';
import { type BuildOptions, type BuildPlan, planBuild } from './plan.js';

/** A build on its way. It goes on whether somebody iterates it or not. */
export interface BuildRun extends AsyncIterable<RunEvent> {
  /**
   * What was made. Rejects with a UserError when it was not: with Interrupted after the signal's abort. By then everything that was
   * taken is given back, or listed in the last event. Whoever iterates is thrown the same error, after the last event.
   */
  readonly result: Promise<Built>;
  /** What would be left behind if this process ended now, as commands to type. */
  pending(): readonly Leftover[];
}

/**
 * Builds an ISO: from what is wanted, or from a plan that was looked at before (see `planBuild`), which it closes. Prints nothing,
 * asks nothing but `choose`, and listens to no signal of the process: `signal` stops it, and then it undoes what it did.
 */
export function build(wanted: BuildOptions | BuildPlan): BuildRun {
  const events = new EventQueue();
  let scope: Scope | undefined;
  const start = async () => {
    const plan = 'recipe' in wanted ? wanted : await planBuild(wanted);
    const { signal = new AbortController().signal } = plan.options;
    const journal = await openJournal({ optional: plan.engine === 'native' });
    scope = new Scope(journal);
    return buildPlanned(plan, plan.options, { signal, scope, journal, emit: (event) => events.push(event) });
  };
  const { signal } = 'recipe' in wanted ? wanted.options : wanted;
  const result = start().catch((error: unknown) => {
    // Before the first step node's own functions throw what their signal was aborted with.
    if (signal?.aborted && !(error instanceof UserError)) throw new Interrupted();
    throw error;
  });
  result.then(
    () => events.close(),
    (error: unknown) => events.close({ error }),
  );
  return {
    result,
    pending: () => scope?.pending() ?? [],
    [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
  };
}
