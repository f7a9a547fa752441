import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { top } from './imports.js';

type Schema = Record<string, unknown> & { readonly $schema: string };
type Variant = { readonly properties?: { readonly type?: { readonly const?: string } } };

const read = (name: string): Schema =>
  JSON.parse(readFileSync(join(top, 'schemas', `${name}.schema.json`), 'utf8')) as Schema;
const validators = new Map<string, ValidateFunction>();

function compiled(key: string, schema: () => Schema): ValidateFunction {
  const known = validators.get(key);
  if (known) return known;
  const made = schema();
  // Dates stay texts: what a format means is left to who reads it.
  const options = { allErrors: true, validateFormats: false, strictTypes: false } as const;
  const ajv = made.$schema.includes('2020-12') ? new Ajv2020(options) : new Ajv(options);
  const validate = ajv.compile(made);
  validators.set(key, validate);
  return validate;
}

/** Of a schema of lines what it has for one type: what is wrong is said of that, and not of all others, too. */
function forType(name: 'events' | 'results', type: string): Schema {
  const schema = read(name) as Schema & { readonly anyOf: readonly Variant[] };
  const anyOf = schema.anyOf.filter(({ properties }) => properties?.type?.const === type);
  if (anyOf.length === 0) throw new Error(`${name}.schema.json has no type ${type}`);
  return { ...schema, anyOf };
}

function expectValid(validate: ValidateFunction, value: unknown, what: string): void {
  if (validate(value)) return;
  const wrong = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`${what} is not as its schema has it:\n${wrong.join('\n')}\n${JSON.stringify(value)}`);
}

/** What --json printed, each line held to its schema: events, and behind them results. */
export function checkedLines(out: string): { type: string; [key: string]: unknown }[] {
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((text) => {
    const line = JSON.parse(text) as { type: string };
    const name = isEvent(line.type) ? 'events' : 'results';
    expectValid(
      compiled(`${name} ${line.type}`, () => forType(name, line.type)),
      line,
      text.slice(0, 100),
    );
    return line;
  });
}

const isEvent = (type: string) => type.includes(':') || type === 'undo';

/** A file of ours held to its schema. */
export function checkedFile(path: string, name: 'manifest' | 'guest'): unknown {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expectValid(
    compiled(name, () => read(name)),
    value,
    path,
  );
  return value;
}

/** The types that a schema has lines of. */
export function typesIn(name: 'events' | 'results'): string[] {
  const { anyOf } = read(name) as Schema & { readonly anyOf: readonly Variant[] };
  return [...new Set(anyOf.map(({ properties }) => properties?.type?.const ?? ''))];
}
