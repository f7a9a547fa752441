import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before all tests: runs that are killed in them leave their journals here, not where `osx-iso clean` of this user looks. */
export default function setup(): () => void {
  const state = mkdtempSync(join(tmpdir(), 'osx-iso-state-'));
  process.env['XDG_STATE_HOME'] = state;
  return () => rmSync(state, { recursive: true, force: true });
}
