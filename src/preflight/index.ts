import { dirname } from 'node:path';
import { HostError, SeveralErrors, type UserError } from '../errors.js';
import type { Problem } from '../image/types.js';
import { checkFolders, checkRoom, checkRoot, checkSystem } from './checks.js';
import { type HostFacts, realHost } from './host-facts.js';

export type { HostFacts } from './host-facts.js';

/** What a build is going to need. */
export interface Needs {
  readonly engine: 'hdiutil' | 'native';
  readonly output: string;
  /** The folder of the scratch files; the native engine has none. */
  readonly scratch?: string;
  /** Bytes of the ISO, at most; the scratch image grows to as much. */
  readonly bytes: number;
  /** Where an installer on a server is kept, and bytes of it that are not there yet. */
  readonly kept?: { readonly folder: string; readonly bytes: number };
  /** The command line without the program, to be typed again. */
  readonly argv?: readonly string[];
}

/** Everything about this host that would make the build fail, found before anything is touched. */
export async function preflight(needs: Needs, host: HostFacts = realHost): Promise<Problem[]> {
  const { engine, output, scratch, bytes, kept, argv = ['build'] } = needs;
  const iso = { folder: dirname(output), bytes, what: 'the ISO', option: '-o FILE' };
  const work =
    scratch === undefined ? [] : [{ folder: scratch, bytes, what: 'scratch files', option: '--work-dir DIR' }];
  const save = kept ? [{ ...kept, what: 'the installer', option: '--save DIR' }] : [];
  const places = [iso, ...work, ...save];
  return [
    ...(engine === 'hdiutil' ? [...(await checkSystem(host)), ...checkRoot(host, argv)] : []),
    ...(await checkFolders(host, places)),
    ...(await checkRoom(host, places)),
  ];
}

/** All problems as one error; each with what to type. */
export function problemsError(problems: readonly Problem[]): UserError {
  const errors = problems.map(({ message, hint }) => new HostError(message, { hint }));
  const [only] = errors;
  return errors.length === 1 && only ? only : new SeveralErrors(errors, 'are in the way');
}
