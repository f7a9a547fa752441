import { nearestName } from '../plist/nearest.js';
import type { Located } from './located-json.js';

/** A JSON Schema (2020-12), as far as it is needed here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Something that contradicts the schema, and where. */
export interface Misfit {
  readonly line: number;
  /** "loader.file", "disks[0].format" */
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/** What a value must be: reads it, says what is wrong with it, and describes itself for other programs. */
export interface Shape<T> {
  /** "a whole number from 1 to 64" */
  readonly expected: string;
  readonly schema: JsonSchema;
  /** The value; undefined after a misfit was reported. */
  read(given: Located, field: string, misfit: (fault: Misfit) => void): T | undefined;
  /** What stands for a value on a command line, as JSON; undefined where a text stands for itself. */
  readonly typed?: (text: string) => string | undefined;
  /** Whether such a text is a path of this computer. */
  readonly isPath?: (text: string) => boolean;
}

interface Optional<T> {
  readonly optional: Shape<T>;
}

/** One shape for each field of T; those that may be left out are wrapped by `optional`. */
export type Fields<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;
};

export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

/** A text; `fits` says what it must be, in words and as a pattern. */
export function text(expected = 'a text', pattern?: RegExp): Shape<string> {
  return {
    expected,
    schema: { type: 'string', minLength: 1, ...(pattern && { pattern: pattern.source }) },
    read(given, field, misfit) {
      // No file name, and no word of QEMU's, has a NUL in it.
      const fits = given.kind === 'string' && given.value !== '' && !given.value.includes('\0');
      if (fits && (pattern?.test(given.value) ?? true)) return given.value;
      return wrong(given, field, expected, misfit);
    },
  };
}

export const pathText: Shape<string> = { ...text('a path'), isPath: () => true };
/** A name that is looked for in $PATH, or a path. */
export const programText: Shape<string> = { ...text('a program'), isPath: (name) => name.includes('/') };

export function choice<const T extends string>(...values: readonly T[]): Shape<T> {
  const expected = `one of ${values.map((value) => `"${value}"`).join(', ')}`;
  return {
    expected,
    schema: { enum: values },
    read(given, field, misfit) {
      const found = given.kind === 'string' ? values.find((value) => value === given.value) : undefined;
      return found ?? wrong(given, field, expected, misfit);
    },
  };
}

export function whole(least: number, most: number, unit = ''): Shape<number> {
  const expected = `a whole number from ${least} to ${most}${unit === '' ? '' : ` (${unit})`}`;
  return {
    expected,
    schema: { type: 'integer', minimum: least, maximum: most },
    typed: (given) => (/^\d{1,15}$/.test(given) ? String(Number(given)) : undefined),
    read(given, field, misfit) {
      const fits = given.kind === 'number' && Number.isInteger(given.value);
      if (fits && given.value >= least && given.value <= most) return given.value;
      return wrong(given, field, expected, misfit);
    },
  };
}

export const yesOrNo: Shape<boolean> = {
  expected: 'true or false',
  schema: { type: 'boolean' },
  typed: (given) => (given === 'true' || given === 'false' ? given : undefined),
  read(given, field, misfit) {
    return given.kind === 'boolean' ? given.value : wrong(given, field, 'true or false', misfit);
  },
};

export function exactly<const T extends number>(value: T, why: string): Shape<T> {
  return {
    expected: `${value}${why}`,
    schema: { const: value },
    typed: (given) => given,
    read(given, field, misfit) {
      return given.kind === 'number' && given.value === value ? value : wrong(given, field, `${value}${why}`, misfit);
    },
  };
}

export function list<T>(item: Shape<T>, most: number): Shape<readonly T[]> {
  const expected = `a list of at most ${most}`;
  return {
    expected,
    schema: { type: 'array', items: item.schema, maxItems: most },
    // JSON, or one value alone.
    ...(item.isPath && { isPath: item.isPath }),
    typed: (given) =>
      given.trimStart().startsWith('[') ? given : `[${item.typed ? item.typed(given) : JSON.stringify(given)}]`,
    read(given, field, misfit) {
      if (given.kind !== 'array') return wrong(given, field, expected, misfit);
      if (given.items.length > most) {
        misfit({ line: given.line, field, expected, found: `${given.items.length}` });
        return undefined;
      }
      const read = given.items.map((one, i) => item.read(one, `${field}[${i}]`, misfit));
      return read.includes(undefined) ? undefined : (read as T[]);
    },
  };
}

/** An object with these fields and no others. */
export interface ObjectShape<T> extends Shape<T> {
  readonly fields: Readonly<Record<string, Shape<unknown>>>;
}

export function object<T>(fields: Fields<T>): ObjectShape<T> {
  const entries = Object.entries(fields as Record<string, Optional<unknown> | Shape<unknown>>);
  const shapes = Object.fromEntries(
    entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field]),
  );
  const required = entries.filter(([, field]) => !('optional' in field)).map(([name]) => name);
  const properties = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, shape.schema]));
  return {
    expected: 'an object',
    fields: shapes,
    schema: { type: 'object', properties, required, additionalProperties: false },
    typed: (given) => given,
    read(given, field, misfit) {
      if (given.kind !== 'object') return wrong(given, field, 'an object', misfit);
      const read: Record<string, unknown> = {};
      const at = (name: string) => (field === '' ? name : `${field}.${name}`);
      for (const [name, value] of given.members) {
        const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
        if (shape) read[name] = shape.read(value, at(name), misfit);
        else misfit({ line: value.line, field: at(name), expected: noSuch(shapes, name), found: shown(value) });
      }
      for (const name of required) {
        if (given.members.has(name)) continue;
        misfit({ line: given.line, field: at(name), expected: shapes[name]!.expected, found: 'nothing' });
      }
      return read as T;
    },
  };
}

/** One of several objects, told apart by their `kind`. */
export interface KindsShape<T> extends Shape<T> {
  readonly kinds: Readonly<Record<string, ObjectShape<unknown>>>;
}

export function kinds<T extends { readonly kind: string }>(
  shapes: {
    readonly [K in T['kind']]: Fields<Omit<Extract<T, { readonly kind: K }>, 'kind'>>;
  },
): KindsShape<T> {
  const all = Object.fromEntries(
    Object.entries<Fields<object>>(shapes).map(([kind, fields]) => [
      kind,
      object<object>({ kind: choice(kind), ...fields } as unknown as Fields<object>),
    ]),
  );
  const kind = choice(...Object.keys(all));
  const expected = `an object whose kind is ${kind.expected}`;
  return {
    expected,
    kinds: all,
    schema: { oneOf: Object.values(all).map(({ schema }) => schema) },
    typed: (given) => given,
    read(given, field, misfit) {
      if (given.kind !== 'object') return wrong(given, field, expected, misfit);
      const named = given.members.get('kind');
      if (named === undefined) {
        misfit({ line: given.line, field: `${field}.kind`, expected: kind.expected, found: 'nothing' });
        return undefined;
      }
      const found = kind.read(named, `${field}.kind`, misfit);
      return found === undefined ? undefined : (all[found]!.read(given, field, misfit) as T | undefined);
    },
  };
}

function noSuch(shapes: Readonly<Record<string, unknown>>, name: string): string {
  const near = nearestName(Object.keys(shapes), name);
  return near === undefined ? 'no such field' : `no such field (is "${near}" meant?)`;
}

function wrong(given: Located, field: string, expected: string, misfit: (fault: Misfit) => void): undefined {
  misfit({ line: given.line, field: field === '' ? 'the file' : field, expected, found: shown(given) });
  return undefined;
}

/** A value in a few words. */
function shown(given: Located): string {
  switch (given.kind) {
    case 'null':
      return 'null';
    case 'array':
      return 'a list';
    case 'object':
      return 'an object';
    case 'string': {
      const text = JSON.stringify(given.value);
      return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
    }
    case 'number':
    case 'boolean':
      return String(given.value);
    default:
      return given satisfies never;
  }
}
