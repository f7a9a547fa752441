import { isAbsolute, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { nearestName } from '../plist/nearest.js';
import type { Guest } from './guest.js';
import { JsonFault, readLocated } from './located-json.js';
import { kept } from './paths.js';
import { type GuestFolder, guestText, parseGuest } from './read.js';
import { GUEST } from './schema.js';
import type { KindsShape, ObjectShape, Shape } from './shape.js';

type Plain = Record<string, unknown>;

/**
 * A guest with fields changed as they are typed: "memory=4096", "ssh.port=2222", "forwards=[…]"; nothing behind the "=" takes a field
 * away. Paths are below the current folder. UsageError for what guest.json may not hold, and for what an installed system would not
 * stand, unless `force`.
 */
export function withFields(
  { path, guest }: Pick<GuestFolder, 'path' | 'guest'>,
  assignments: readonly string[],
  { force = false }: { readonly force?: boolean } = {},
): Guest {
  const changed = structuredClone(guest) as unknown as Plain;
  for (const assignment of assignments) set(changed, path, assignment);
  const text = guestText(changed as unknown as Guest);
  let after: Guest;
  try {
    after = parseGuest(text, 'guest.json');
  } catch (error) {
    // Of the description as it would be: its lines are nowhere yet.
    throw new UsageError((error as Error).message.replaceAll(/^guest\.json, line \d+, /gm, ''));
  }
  if (!force) expectKept(guest, after);
  return { ...after, disks: after.disks.map((disk) => ({ ...disk, file: asKept(path, disk.file) })) };
}

/** What an installed system has got used to. Measured by others: it keeps its network card. */
const KEPT = [
  ['network', 'it has set up its network for this card (measured), and another one is a new one to it'],
  ['chipset', 'it has its drivers, and the names of its disks, for this one'],
] as const;

/** UsageError where a change would take from an installed system what it was installed on. */
export function expectKept(before: Guest, after: Guest): void {
  if (!before.installed) return;
  for (const [field, reason] of KEPT) {
    if (before[field] === after[field]) continue;
    throw new UsageError(
      `${field}: the system was installed with ${before[field]}, not ${after[field]}: ${reason}.`,
      '--force changes it all the same.',
    );
  }
}

function set(guest: Plain, folder: string, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at <= 0) throw new UsageError(`${assignment}: expected KEY=VALUE, like memory=4096.`);
  const [key, value] = [assignment.slice(0, at), assignment.slice(at + 1)];
  const names = key.split('.');
  const last = names.pop()!;
  let object: Plain = guest;
  let shape: ObjectShape<unknown> = GUEST;
  for (const name of names) {
    const inner = fieldOf(shape, name, key);
    object[name] ??= {};
    object = object[name] as Plain;
    shape = objectShape(inner, object, key);
  }
  const field = fieldOf(shape, last, key);
  if (value === '') delete object[last];
  else object[last] = fromTyped(field, value, { key, folder });
}

function fieldOf(shape: ObjectShape<unknown>, name: string, key: string): Shape<unknown> {
  const found = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
  if (found) return found;
  const names = Object.keys(shape.fields);
  const near = nearestName(names, name);
  throw new UsageError(
    `${key}: guest.json has no such field${near === undefined ? '' : ` (is "${near}" meant?)`}.`,
    `There are ${names.join(', ')}.`,
  );
}

function objectShape(shape: Shape<unknown>, object: Plain, key: string): ObjectShape<unknown> {
  if ('fields' in shape) return shape as ObjectShape<unknown>;
  const { kinds = {} } = shape as Partial<KindsShape<unknown>>;
  const found = typeof object.kind === 'string' ? kinds[object.kind] : undefined;
  if (found) return found;
  const outer = key.split('.')[0]!;
  const known = Object.keys(kinds);
  throw new UsageError(
    known.length === 0 ? `${key}: ${outer} is ${shape.expected}.` : `${key}: the guest has no ${outer} yet.`,
    known.length === 0
      ? `Set it as a whole: ${outer}=VALUE`
      : `Set it as a whole: ${outer}='{"kind": "${known[0]}", …}'`,
  );
}

function fromTyped(shape: Shape<unknown>, value: string, { key, folder }: { key: string; folder: string }): unknown {
  const typed = shape.typed ? shape.typed(value) : JSON.stringify(value);
  const wrong = (expected: string, found: string) => new UsageError(`${key}: expected ${expected}, found ${found}.`);
  if (typed === undefined) throw wrong(shape.expected, JSON.stringify(value));
  let read: unknown;
  try {
    read = shape.read(readLocated(typed), key, ({ field, expected, found }) => {
      throw new UsageError(`${field}: expected ${expected}, found ${found}.`);
    });
  } catch (error) {
    throw error instanceof JsonFault ? wrong(`${shape.expected}, as JSON`, value) : error;
  }
  const { isPath } = shape;
  if (!isPath) return read;
  const at = (text: string) => {
    if (!isPath(text) || text.startsWith('~/')) return text;
    const inside = kept(folder, resolve(text));
    return isPath(inside) ? inside : `./${inside}`;
  };
  return typeof read === 'string' ? at(read) : (read as readonly string[]).map(at);
}

/** An absolute path as it is kept; any other is below the guest's folder already. */
function asKept(folder: string, file: string): string {
  return isAbsolute(file) ? kept(folder, file) : file;
}
