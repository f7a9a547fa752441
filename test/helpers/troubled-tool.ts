import { StepError } from '../../src/errors.js';
import type { ImageTool, Volume } from '../../src/image/types.js';

/** What goes wrong at which call, from 1. */
export interface Trouble {
  readonly at: number;
  readonly kind: 'fail' | 'abort';
  readonly controller: AbortController;
}

/** Counts the calls a tool and its volumes get, and lets one of them fail, or the user press Ctrl-C in it. */
export function troubled(tool: ImageTool, trouble?: Trouble): { tool: ImageTool; calls: string[]; open: Set<Volume> } {
  const calls: string[] = [];
  const open = new Set<Volume>();
  const count = (what: string) => {
    calls.push(what);
    if (trouble?.at !== calls.length) return;
    if (trouble.kind === 'abort') trouble.controller.abort();
    else throw new StepError(`The test wanted call ${trouble.at} (${what}) to fail.`);
  };
  const wrap = <T extends object>(
    target: T,
    name: string,
    methods: readonly string[],
    after?: (method: string, result: unknown) => unknown,
  ): T =>
    new Proxy(target, {
      get(object, key) {
        const value = Reflect.get(object, key, object) as unknown;
        if (typeof value !== 'function') return value;
        if (!methods.includes(String(key))) return value.bind(object);
        return async (...args: unknown[]) => {
          count(`${name}.${String(key)}`);
          const result = (await (value as (...a: unknown[]) => unknown).apply(object, args)) as unknown;
          return after ? after(String(key), result) : result;
        };
      },
    });
  const volumes = (method: string, result: unknown) => {
    if (method !== 'attach') return result;
    const volume = result as Volume;
    const wrapped = wrap(volume, 'volume', ['entry', 'file', 'put', 'remove', 'copyFrom', 'close'], (called, value) => {
      if (called === 'close') open.delete(volume);
      return value;
    });
    open.add(volume);
    return wrapped;
  };
  return { tool: wrap(tool, 'tool', ['open', 'attach', 'convert', 'resize', 'dispose'], volumes), calls, open };
}
