import { Interrupted, type UserError } from '../errors.js';
import type { ImageTool } from '../image/types.js';
import type { Emit, Leftover, Outcome, PlannedStep, RunEvent, StepInfo } from './events.js';
import { explain } from './explain.js';
import type { Names } from './names.js';
import type { Scope } from './scope.js';
import type { Recipe, RunOptions, Step } from './step.js';
import { Throttle } from './throttle.js';

/** What a run works with. */
export interface RunParts {
  readonly tool: ImageTool;
  readonly names: Names;
  /** Unwound by `run`, whatever happens. */
  readonly scope: Scope;
  /** The first abort stops the run at its next chance; undoing is never stopped. */
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly options?: RunOptions;
  /** What is made of what, in a line for people. */
  readonly title?: string;
  /** Facts for the manifest that are known before the first step. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/** A step that was started, and how it ended. */
export interface StepResult {
  readonly step: StepInfo;
  readonly outcome: Outcome;
  readonly milliseconds: number;
}

/** How a run ended. */
export interface RunResult {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly steps: readonly StepResult[];
  /** What the steps recorded, by key. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly leftovers: readonly Leftover[];
  /** Why it was not done: Interrupted after an abort, else the first error. */
  readonly error?: UserError;
  /** The step that failed. */
  readonly failed?: StepInfo;
}

/** A recipe as plans and events show it. */
export function describe(recipe: Recipe): readonly StepInfo[] {
  return recipe.map((step, index) => ({ index, verb: step.verb, title: step.title, args: step.args }));
}

/** The same for who reads it before it is run. */
export function explainSteps(recipe: Recipe): readonly PlannedStep[] {
  return describe(recipe).map((step, index) => ({ ...step, says: recipe[index]!.says }));
}

/** Runs the steps one after another up to the first failure or abort, then gives everything back. Never throws. */
export async function run(recipe: Recipe, parts: RunParts): Promise<RunResult> {
  const now = parts.now ?? Date.now;
  const steps = describe(recipe);
  const emit = (event: RunEvent) => {
    try {
      parts.emit(event);
    } catch {
      // Whoever listens must not be able to leave a volume attached.
    }
  };
  const facts: Record<string, unknown> = { ...parts.facts };
  const results: StepResult[] = [];
  let outcome: Outcome = 'done';
  let error: UserError | undefined;
  let failed: StepInfo | undefined;

  const began = now();
  emit({ type: 'run:start', ...(parts.title !== undefined && { title: parts.title }), steps, at: began });
  for (const [index, step] of recipe.entries()) {
    if (parts.signal.aborted) {
      outcome = 'interrupted';
      error = reasonOf(parts.signal);
      break;
    }
    const info = steps[index]!;
    const start = now();
    emit({ type: 'step:start', step: info, at: start });
    error = await runStep(step, info, parts, facts, emit, now);
    if (error) outcome = parts.signal.aborted ? 'interrupted' : 'failed';
    const end = now();
    results.push({ step: info, outcome, milliseconds: end - start });
    emit({
      type: 'step:end',
      step: info,
      outcome,
      milliseconds: end - start,
      ...(error && { message: error.message }),
      at: end,
    });
    if (error) {
      if (outcome === 'failed') failed = info;
      break;
    }
  }

  const leftovers = await parts.scope.unwind(outcome, (title, failure) => {
    const ok = failure === undefined;
    emit({ type: 'undo', title, ok, ...(!ok && { message: explain(failure).message }), at: now() });
  });
  const milliseconds = now() - began;
  emit({
    type: 'run:end',
    outcome,
    milliseconds,
    ...(error && { message: error.message }),
    leftovers,
    at: began + milliseconds,
  });
  return {
    outcome,
    milliseconds,
    steps: results,
    facts,
    leftovers,
    ...(error && { error }),
    ...(failed && { failed }),
  };
}

/** The error that ended the step, undefined when it did its work. */
async function runStep(
  step: Step,
  info: StepInfo,
  { tool, names, scope, signal, options = {} }: RunParts,
  facts: Record<string, unknown>,
  emit: Emit,
  now: () => number,
): Promise<UserError | undefined> {
  let running = true;
  const throttle = new Throttle((progress) => emit({ type: 'step:progress', step: info, progress, at: now() }), now);
  try {
    await step.run({
      tool,
      names,
      scope,
      signal,
      options,
      report: (progress) => {
        if (running) throttle.push(progress);
      },
      note: (text) => {
        if (running) emit({ type: 'step:note', step: info, text, at: now() });
      },
      record: (key, value) => {
        facts[key] = value;
      },
    });
    return undefined;
  } catch (error) {
    // After an abort whatever the step throws is only its way to stop.
    return signal.aborted ? reasonOf(signal) : explain(error, step.title, { full: FULL });
  } finally {
    throttle.flush();
    running = false;
  }
}

const FULL = 'Free some space, or choose another disk: -o FILE for the ISO, --work-dir DIR for the scratch files.';

function reasonOf(signal: AbortSignal): UserError {
  return signal.reason instanceof Interrupted ? signal.reason : new Interrupted();
}
