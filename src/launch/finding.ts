import type { UserError } from '../errors.js';
import type { Host } from './host.js';
import type { Profile } from './profiles.js';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  /** A problem is something the chosen release needs and the host does not have. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly found: string;
  /** What to type, or to do; nothing is ever done by the doctor itself. */
  readonly fix?: string;
}

/** A row of the doctor's table. Undefined: says nothing about such a host. */
export interface Check {
  readonly name: string;
  look(host: Host, profile: Profile): Omit<Finding, 'name'> | undefined;
}

export const ok = (found: string): Omit<Finding, 'name'> => ({ state: 'ok', found });
export const warning = (found: string, fix?: string): Omit<Finding, 'name'> => ({
  state: 'warning',
  found,
  ...(fix !== undefined && { fix }),
});
export const problem = (found: string, fix: string): Omit<Finding, 'name'> => ({ state: 'problem', found, fix });

/** What keeps a guest from starting, as a row: the words are the same. */
export function rowOf(
  { message, hint = '' }: UserError,
  state: 'warning' | 'problem' = 'problem',
): Omit<Finding, 'name'> {
  return { state, found: message.replace(/\.$/, ''), fix: hint };
}
