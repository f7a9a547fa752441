import { Failure } from './failures.js';

/** Options that take a value. */
const WITH_VALUE = new Set(['-mountpoint', '-owners', '-format', '-o', '-size', '-sectors']);

/** hdiutil's command line: a verb, options with one hyphen in any order, one operand. */
export class Arguments {
  readonly verb: string;
  readonly #options = new Map<string, string>();
  readonly #operands: string[] = [];

  constructor(argv: readonly string[]) {
    const [verb = '', ...rest] = argv;
    this.verb = verb;
    for (let i = 0; i < rest.length; i++) {
      const word = rest[i]!;
      if (WITH_VALUE.has(word)) this.#options.set(word, rest[++i] ?? '');
      else if (word.startsWith('-')) this.#options.set(word, '');
      else this.#operands.push(word);
    }
  }

  has(option: string): boolean {
    return this.#options.has(option);
  }

  value(option: string): string | undefined {
    return this.#options.get(option);
  }

  operand(verb: string): string {
    const [only, ...more] = this.#operands;
    if (only === undefined || more.length > 0)
      throw new Failure(`hdiutil: ${verb}: Only one image can be specified`, 1);
    return only;
  }
}
