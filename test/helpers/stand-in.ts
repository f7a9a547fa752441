import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rule } from '../stand-in/failures.js';
import type { State } from '../stand-in/state.js';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The folder with the program `hdiutil`, for PATH. */
export const BIN = join(top, 'test', 'bin');

/** Compiles the stand-in into a folder of its own below node_modules; returns its main module. */
export function compileStandIn(name: string): string {
  const out = join(top, 'node_modules', '.cache', 'osx-iso-test', `hdiutil-${name}`);
  const main = join(out, 'test', 'stand-in', 'main.js');
  rmSync(main, { force: true });
  mkdirSync(out, { recursive: true });
  const tsc = join(top, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', join(top, 'test', 'stand-in'), '--outDir', out], { stdio: 'pipe' });
  } catch (error) {
    // Types are checked elsewhere; what counts here is that modules were written.
    if (!existsSync(main)) throw error;
  }
  return bundled(main) ?? main;
}

/**
 * The same in a few files: a sweep calls it a thousand times, and most of a call is looking for modules. Vitest brings rolldown;
 * without it the modules do as well.
 */
function bundled(main: string): string | undefined {
  const folder = join(dirname(main), '..', '..', 'hdiutil-bundle');
  const script = `import { rolldown } from 'rolldown';
    const bundle = await rolldown({ input: process.argv[1], platform: 'node', logLevel: 'silent' });
    await bundle.write({ dir: process.argv[2], format: 'esm' });`;
  try {
    rmSync(folder, { recursive: true, force: true });
    execFileSync(process.execPath, ['--input-type=module', '-e', script, main, folder], { cwd: top, stdio: 'pipe' });
    return join(folder, 'main.js');
  } catch {
    return undefined;
  }
}

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
