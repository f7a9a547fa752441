import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';

/** What the command line makes of the words, without doing anything: 0, or 2 with what it says. Help and version count as 0. */
export async function parses(words: readonly string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const quiet = { on: () => {}, write: (_: string, done?: () => void) => !done?.() } as unknown as NodeJS.WriteStream;
  const hear = (text: string, done?: () => void) => {
    err += text;
    done?.();
    return true;
  };
  const heard = { on: () => {}, write: hear } as unknown as NodeJS.WriteStream;
  const code = await main(words, {
    stdout: new Output(quiet),
    stderr: new Output(heard),
    screen: quiet,
    env: {},
    standIns: new Proxy({}, { get: () => async () => {} }),
  });
  return { code, err };
}
