import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Rule } from '../stand-in/failures.js';
import type { State } from '../stand-in/state.js';
import { bundled } from './bundle.js';
import { top } from './imports.js';

/** The folder with the program `hdiutil`, for PATH. */
export const BIN = join(top, 'test', 'bin');

/** Compiles the stand-in, once for all test files; returns its main module. */
export const compileStandIn = () => bundled('test/stand-in/main.ts');

/** One computer with the stand-in: its state, and the environment in which programs find it. */
export class StandIn {
  constructor(
    readonly main: string,
    readonly state: string,
  ) {
    mkdirSync(state, { recursive: true });
  }

  /** For programs that call it. */
  get env(): Record<string, string> {
    return {
      HDIUTIL_STATE: this.state,
      HDIUTIL_MAIN: this.main,
      HDIUTIL_NODE: process.execPath,
      PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`,
    };
  }

  /** Says what is to go wrong from now on, and counts calls from 1 again. */
  plan(rules: readonly Rule[]): void {
    for (const file of ['calls.jsonl', 'reached', 'go']) rmSync(join(this.state, file), { force: true });
    writeFileSync(join(this.state, 'control.json'), JSON.stringify(rules));
  }

  /** Every call since, as command lines. */
  calls(): string[][] {
    const file = join(this.state, 'calls.jsonl');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as string[]);
  }

  /** Images that are attached now. */
  attached(): State['images'] {
    const file = join(this.state, 'attached.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as State).images : [];
  }

  run(...argv: string[]): string {
    return execFileSync(join(BIN, 'hdiutil'), argv, { env: { ...process.env, ...this.env }, encoding: 'utf8' });
  }

  remove(): void {
    for (const { folder } of this.attached()) if (folder) rmSync(folder, { recursive: true, force: true });
    rmSync(this.state, { recursive: true, force: true });
  }
}
