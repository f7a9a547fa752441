import { main } from '../../src/cli/main.js';
import { Output } from '../../src/cli/output.js';

/** Runs a whole command in this process: its exit code, stdout and stderr. */
export async function ran(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const gather = () => {
    let text = '';
    const write = (chunk: string, done?: () => void) => {
      text += chunk;
      done?.();
      return true;
    };
    const stream = { on: () => {}, write };
    return { output: new Output(stream as unknown as NodeJS.WriteStream), text: () => text };
  };
  const [out, err] = [gather(), gather()];
  const screen = { isTTY: false } as NodeJS.WriteStream;
  const code = await main(argv, { stdout: out.output, stderr: err.output, screen, env: {} });
  return { code, out: out.text(), err: err.text() };
}
