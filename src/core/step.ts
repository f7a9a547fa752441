import type { EspContent, ImageTool, MapChoice, Work } from '../image/types.js';
import type { Names } from './names.js';
import type { Scope } from './scope.js';

/** What a running step may use. It knows no terminal and no host beyond this. */
export interface Job extends Work {
  readonly tool: ImageTool;
  /** The things made so far, by name: places are resolved here. */
  readonly names: Names;
  /** Where a step registers, in the next statement, how to give back what it took. */
  readonly scope: Scope;
  /** What the user asked for that a step may have to know. */
  readonly options: RunOptions;
  /** Facts for the manifest: checksums seen, the signature's state, the release found. Plain JSON values. */
  record(key: string, value: unknown): void;
}

export interface RunOptions {
  /** Nothing but a chunklist signed by Apple will do. */
  readonly requireSignature?: boolean;
  /** Whom the output is given to; default: it stays this process's. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** An existing output is replaced. */
  readonly force?: boolean;
  /** What is unfinished stays where it is after a failure, to be looked at. */
  readonly keepWork?: boolean;
  /** The ISO's partition map, whatever the recipe says. */
  readonly map?: MapChoice;
  /** The ISO starts by UEFI, too. */
  readonly esp?: EspContent;
  /** 'none': no Chameleon plist is written. `base` takes the template's place, `set` goes over either, `unset` is left out. */
  readonly bootPlist?:
    | 'none'
    | {
        readonly base?: Readonly<Record<string, string>>;
        readonly set?: Readonly<Record<string, string>>;
        readonly unset?: readonly string[];
        readonly allowUnknown?: boolean;
      };
}

/**
 * One line of a recipe. It has no rollback member on purpose: whoever takes something defers the giving back in the next
 * statement, where the real device or path is at hand.
 */
export interface Step {
  readonly verb: string;
  /** What the user reads: "Copy the packages". */
  readonly title: string;
  /** What it does and why, as one sentence for who reads a plan before it is run. */
  readonly says: string;
  /** Printed in plans and recorded in the manifest. */
  readonly args: readonly string[];
  run(job: Job): Promise<void>;
}

/** A recipe: flat data, in the order in which it happens. */
export type Recipe = readonly Step[];
