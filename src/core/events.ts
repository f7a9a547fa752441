import type { Progress } from '../image/types.js';

/** What identifies a step to whoever draws it. */
export interface StepInfo {
  /** Position in the recipe, from 0. */
  readonly index: number;
  readonly verb: string;
  readonly title: string;
  /** The step's arguments as printed in plans and in the manifest: places and values, no host secrets. */
  readonly args: readonly string[];
}

/** A step as a plan shows it. */
export interface PlannedStep extends StepInfo {
  /** What it does and why, as one sentence. */
  readonly says: string;
}

/** How a step or a run ended. */
export type Outcome = 'done' | 'failed' | 'interrupted';

/** Something that could not be undone, and what a person can type to do it. */
export interface Leftover {
  readonly title: string;
  readonly command: string;
  readonly reason: string;
}

/** Everything a run says, in order. A closed union: a switch over `type` ends in `satisfies never`. */
export type RunEvent =
  | {
      readonly type: 'run:start';
      /** What is made of what, in a line for people. */
      readonly title?: string;
      readonly steps: readonly StepInfo[];
      readonly at: number;
    }
  | { readonly type: 'step:start'; readonly step: StepInfo; readonly at: number }
  | { readonly type: 'step:progress'; readonly step: StepInfo; readonly progress: Progress; readonly at: number }
  | { readonly type: 'step:note'; readonly step: StepInfo; readonly text: string; readonly at: number }
  | {
      readonly type: 'step:end';
      readonly step: StepInfo;
      readonly outcome: Outcome;
      readonly milliseconds: number;
      readonly message?: string;
      readonly at: number;
    }
  | {
      readonly type: 'undo';
      readonly title: string;
      readonly ok: boolean;
      readonly message?: string;
      readonly at: number;
    }
  | {
      readonly type: 'run:end';
      readonly outcome: Outcome;
      readonly milliseconds: number;
      readonly message?: string;
      readonly leftovers: readonly Leftover[];
      readonly at: number;
    };

export type Emit = (event: RunEvent) => void;
