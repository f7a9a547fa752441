import { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from './failures.js';
import { stateFolder } from './state.js';

// xattr(1), as far as it is used: `-wx NAME HEX FILE`. What is set is kept beside the state, by real path, until the volume is detached.
// From the manual page (10.9.5): the options and their order. Guess: the words and the status of a failure.

type Attributes = Readonly<Record<string, string>>;

const file = () => join(stateFolder, 'xattrs.json');
const all = (): Record<string, Attributes> =>
  existsSync(file()) ? (JSON.parse(readFileSync(file(), 'utf8')) as Record<string, Attributes>) : {};
/** Where the file really is; a link itself, not what it leads to. */
const real = (path: string) => join(realpathSync(dirname(path)), basename(path));

export function setAttribute(argv: readonly string[]): void {
  const [option, name, hex, path, ...more] = argv;
  if (option !== '-wx' || !name || hex === undefined || !path || more.length > 0 || !/^([0-9a-f]{2})*$/i.test(hex)) {
    throw new Failure(`usage: xattr -w [-rsx] attr_name attr_value file [file ...]`, 64);
  }
  if (!lstatSync(path, { throwIfNoEntry: false })) throw new Failure(`xattr: No such file: ${path}`, 1);
  const known = all();
  const key = real(path);
  known[key] = { ...known[key], [name]: hex };
  writeFileSync(file(), JSON.stringify(known));
}

/** The attributes that were set of a file, as bytes by name. */
export function attributesOf(path: string): ReadonlyMap<string, Buffer> {
  return new Map(Object.entries(all()[real(path)] ?? {}).map(([name, hex]) => [name, Buffer.from(hex, 'hex')]));
}
