import { HostError } from '../../errors.js';
import { OSK_HINT } from '../osk.js';

/** A guest with an SMC and nobody's key for it. */
export function noKey(): HostError {
  return new HostError("The guest's SMC needs its key.", { hint: OSK_HINT });
}
